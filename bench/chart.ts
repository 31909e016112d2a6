/** One row of bars. */
export interface Bars {
  readonly name: string;
  readonly values: readonly number[];
}

const ROW_HEIGHT = 18;
const LABELS = 190;
const WIDTH = 720;
const NUMBERS = 60;
const TOP = 56;

/** A chart of horizontal bars as SVG, in the colours of the reader's theme. */
export function chart(title: string, series: readonly string[], rows: readonly Bars[]): string {
  const most = Math.max(1, ...rows.flatMap(({ values }) => values));
  const scale = (WIDTH - LABELS - NUMBERS) / most;
  const rowHeight = ROW_HEIGHT * series.length + 14;
  const height = TOP + rows.length * rowHeight + 12;
  const one = LABELS + scale;

  const legend = series.map(
    (name, index) =>
      `<rect class="s${index}" x="${LABELS + index * 130}" y="30" width="12" height="12"/>` +
      `<text x="${LABELS + index * 130 + 18}" y="40">${name}</text>`,
  );
  const bars = rows.map(({ name, values }, row) => {
    const y = TOP + row * rowHeight;
    const label = `<text class="name" x="${LABELS - 10}" y="${y + rowHeight / 2 - 2}">${name}</text>`;
    const each = values.map((value, index) => {
      const top = y + index * ROW_HEIGHT;

      return (
        `<rect class="s${index}" x="${LABELS}" y="${top}" width="${(value * scale).toFixed(1)}" height="${ROW_HEIGHT - 3}"/>` +
        `<text class="value" x="${(LABELS + value * scale + 6).toFixed(1)}" y="${top + 12}">${value.toFixed(2)}</text>`
      );
    });

    return [label, ...each].join('\n');
  });

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">
<style>
svg { font: 12px system-ui, sans-serif; background: #fff }
text { fill: #222 } .title { font-size: 14px; font-weight: 600 } .name { text-anchor: end }
.s0 { fill: #9db4c8 } .s1 { fill: #4d82ac } .s2 { fill: #1d4f79 } .one { stroke: #b3541e; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) {
svg { background: #14181c } text { fill: #dde3e8 }
.s0 { fill: #3d5468 } .s1 { fill: #5b93c0 } .s2 { fill: #a8d0f0 } .one { stroke: #e08a52 }
}
</style>
<text class="title" x="12" y="20">${title}</text>
${legend.join('\n')}
${bars.join('\n')}
<line class="one" x1="${one.toFixed(1)}" y1="${TOP - 6}" x2="${one.toFixed(1)}" y2="${height - 8}"/>
</svg>
`;
}
