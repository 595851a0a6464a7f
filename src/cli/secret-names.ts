/** Names that sound like secrets. Ferry takes none on its command line and keeps none in its files; it says where they go. */

const secretName =
  /secret|password|passphrase|passwd|token|credential|access_?key|key_?id|private_?key|(?:^|_)key$/i

/** True for what looks like the name of a secret, as an option or as a key. */
export function isSecretName(name: string): boolean {
  return secretName.test(name.replaceAll('-', '_'))
}

export const secretHint =
  'S3: AWS_PROFILE, ~/.aws/credentials, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\nSFTP: ssh-agent, key files, or the prompt'
