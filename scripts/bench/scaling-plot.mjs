// Draws a result of scaling.mjs: for sizes and for numbers of files a row of three small charts, as SVG text. Pure. It
// follows the reader's light or dark theme, and needs nothing but fonts that are there.

const width = 900
const panel = { width: 216, height: 150, left: 58, top: 74, gapX: 74, gapY: 96 }
const MiB = 2 ** 20
const goalMebibytes = 250

const lines = {
  total: { className: 'total', text: 'start of share to end of receive' },
  share: { className: 'share', text: 'share' },
  receive: { className: 'receive', text: 'receive' },
}

const charts = [
  { title: 'time, s', scale: 'log', series: { total: ({ totalSeconds }) => totalSeconds } },
  {
    title: 'processor time, s',
    scale: 'log',
    series: {
      share: ({ shareCpuSeconds }) => shareCpuSeconds,
      receive: ({ receiveCpuSeconds }) => receiveCpuSeconds,
    },
  },
  {
    title: 'peak memory, MiB',
    scale: 'linear',
    series: {
      share: ({ sharePeakRssBytes }) => sharePeakRssBytes / MiB,
      receive: ({ receivePeakRssBytes }) => receivePeakRssBytes / MiB,
    },
  },
]

const axes = {
  size: { title: 'one file, by GiB', format: String },
  count: { title: 'files of 1 KiB, by their number', format: formatPower },
}

/** @returns the text of the SVG. */
export function drawScaling({ series }) {
  const names = Object.keys(axes).filter((name) => series[name])
  const height = panel.top + names.length * (panel.height + panel.gapY) - 30
  const rows = names.flatMap((name, row) =>
    charts.map((chart, column) =>
      drawChart(chart, series[name].points, axes[name], {
        x: panel.left + column * (panel.width + panel.gapX),
        y: panel.top + row * (panel.height + panel.gapY),
      }),
    ),
  )
  const title = 'How time, processor time and memory grow with size and number of files'
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${title}</title>`,
    `<style>${style}</style>`,
    drawLegend(),
    ...rows,
    '</svg>',
  ].join('\n')}\n`
}

/** Colours are told apart in both themes, and by people who see few of them; lines differ in their marks too. */
const style = `
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.axis { stroke: #8c959f; } .grid { stroke: #d0d7de; } .goal { stroke: #8c959f; stroke-dasharray: 4 3; }
.small { font-size: 11px; fill: #59636e; } .head { font-weight: 600; }
.line { fill: none; stroke-width: 2; }
.total { stroke: #1f2328; } .share { stroke: #0969da; } .receive { stroke: #bc4c00; }
.mark.total { fill: #1f2328; } .mark.share { fill: #0969da; } .mark.receive { fill: #bc4c00; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; } .small { fill: #9198a1; } .axis, .goal { stroke: #656c76; } .grid { stroke: #3d444d; }
.total { stroke: #f0f6fc; } .share { stroke: #58a6ff; } .receive { stroke: #f0883e; }
.mark.total { fill: #f0f6fc; } .mark.share { fill: #58a6ff; } .mark.receive { fill: #f0883e; }
}`

function drawLegend() {
  const parts = []
  let x = panel.left
  for (const { className, text } of Object.values(lines)) {
    parts.push(
      `<path class="line ${className}" d="M${x} 22h24"/>`,
      drawMark(className, x + 12, 22),
      label(x + 32, 26, text),
    )
    x += 60 + text.length * 6.4
  }
  return parts.join('\n')
}

function drawChart(chart, points, axis, { x, y }) {
  const columns = Object.entries(chart.series).map(([name, read]) => ({
    ...lines[name],
    values: points.map(read),
  }))
  const all = columns.flatMap(({ values }) => values)
  const across = scaleOf(
    'log',
    points.map(({ value }) => value),
    points.map(({ value }) => value),
  )
  const ticks = chart.scale === 'log' ? logTicks(all) : linearTicks([...all, goalMebibytes])
  const up = scaleOf(chart.scale, all, ticks)
  const at = (value, amount) => [
    x + across(value) * panel.width,
    y + panel.height - up(amount) * panel.height,
  ]
  const bottom = y + panel.height
  const parts = [label(x, y - 14, chart.title, 'head')]
  for (const tick of ticks) {
    const [, tickY] = at(points[0].value, tick)
    parts.push(
      `<path class="grid" d="M${x} ${round(tickY)}h${panel.width}"/>`,
      label(x - 8, tickY + 4, tick.toLocaleString('en'), 'small', 'end'),
    )
  }
  for (const { value } of points) {
    const [tickX] = at(value, ticks[0])
    parts.push(
      `<path class="axis" d="M${round(tickX)} ${bottom}v5"/>`,
      label(tickX, bottom + 19, axis.format(value), 'small', 'middle'),
    )
  }
  parts.push(
    `<path class="axis" d="M${x} ${bottom}h${panel.width}"/>`,
    label(x + panel.width / 2, bottom + 38, axis.title, 'small', 'middle'),
  )
  if (chart.scale === 'linear') {
    const [, goalY] = at(points[0].value, goalMebibytes)
    parts.push(
      `<path class="goal" d="M${x} ${round(goalY)}h${panel.width}"/>`,
      label(x + panel.width, goalY - 5, 'goal', 'small', 'end'),
    )
  }
  for (const { className, values } of columns) {
    const places = values.map((amount, index) => at(points[index].value, amount))
    parts.push(
      `<path class="line ${className}" d="M${places.map((place) => place.map(round).join(' ')).join('L')}"/>`,
      ...places.map(([markX, markY]) => drawMark(className, markX, markY)),
    )
  }
  return parts.join('\n')
}

function drawMark(className, x, y) {
  if (className === 'receive')
    return `<rect class="mark receive" x="${round(x - 3.5)}" y="${round(y - 3.5)}" width="7" height="7"/>`
  return `<circle class="mark ${className}" cx="${round(x)}" cy="${round(y)}" r="4"/>`
}

/** Maps values to 0…1 so that values and ticks fit. */
function scaleOf(kind, values, ticks) {
  const map = kind === 'log' ? Math.log10 : (value) => value
  const ends = [...values, ...ticks].map(map)
  const low = Math.min(...ends)
  const span = Math.max(...ends) - low || 1
  return (value) => (map(value) - low) / span
}

/** Powers of ten around the values. */
function logTicks(values) {
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.ceil(Math.log10(Math.max(...values)))
  return Array.from({ length: high - low + 1 }, (_, index) => Number(`1e${low + index}`))
}

/** From 0, in steps of 100. */
function linearTicks(values) {
  return Array.from({ length: Math.ceil(Math.max(...values) / 100) + 1 }, (_, index) => index * 100)
}

function formatPower(value) {
  const exponent = Math.log10(value)
  if (!Number.isInteger(exponent)) return value.toLocaleString('en')
  return `10${String(exponent).replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit])}`
}

function label(x, y, text, className, anchor) {
  const attributes = [className && `class="${className}"`, anchor && `text-anchor="${anchor}"`].filter(
    Boolean,
  )
  return `<text x="${round(x)}" y="${round(y)}"${attributes.map((each) => ` ${each}`).join('')}>${text}</text>`
}

function round(number) {
  return Math.round(number * 10) / 10
}
