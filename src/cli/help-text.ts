/** The help of `ferry` itself, as text, so that showing it costs nothing. A test checks it against the commands. */

export const mainHelp = `Send files straight to another computer, and keep folders, S3 and SFTP in step.

Usage: ferry <command> [options]

Examples:
  ferry share ~/Pictures            show a ticket for a folder
  ferry receive ferry1qq8k3…        fetch it (continues after a break)
  ferry sync -avn ~/site s3://bucket/site   what would change?
  ferry ls ferry1qq8k3…             look without fetching
  ferry verify . ferry1qq8k3…       is what I have the same?

Transfer:
  share PATH...            offer files or folders and print a ticket
  receive TICKET [DEST]    fetch what a ticket offers (also: get)
  sync SRC DST             send only the changes (folders, S3, SFTP)
  ls TICKET                list what a ticket offers
  verify PATH TICKET       check files on disk against a ticket
  diff TICKET1 TICKET2     what the second offers and the first does not

Watch and control (jobs of the daemon):
  tui                      all of it on the whole screen
  status [ID]              what runs, or one job (--watch)
  pause ID...              hold jobs back
  resume ID...             let them go on
  cancel ID...             stop them; what has arrived is kept
  retry ID...              run what has ended again
  shares [rm ID]           what is offered
  peers                    who is connected
  history                  what has ended

Set up:
  daemon start|stop|status run jobs in the background (share -d, receive -d)
  remote add|ls|test|rm    names for buckets and servers
  providers                stores that speak S3, and their endpoints
  config list|get|set|edit settings, and where each comes from
  store info|gc|verify     what ferry remembers of your files
  doctor                   check data folder, network, clock and space
  completion SHELL         completion for bash, zsh or fish

Options for every command:
  -v, --verbose      say more (-vv: with causes and stacks)
  -q, --quiet        only errors
      --json         machine-readable lines on stdout
      --color WHEN   auto, always, never (also NO_COLOR)
      --config FILE  use this file of settings
  -h, --help         help for a command
  -V, --version      version

Exit codes, files and environment: ferry help exit-codes | files | environment
`
