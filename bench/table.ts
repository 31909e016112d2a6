/** A table in Markdown, its columns as wide as they need to be: it reads as well in a terminal. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [header, header.map(() => ''), ...rows.map((row) => row.map(String))];
  const widths = header.map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)));

  const areWords = header.map((_, column) =>
    lines.slice(2).some((line) => /^[a-z]/i.test(line[column] ?? '')),
  );

  return lines
    .map((line, index) => {
      const cells = widths.map((width, column) => {
        if (index === 1)
          return column === 0 || areWords[column] ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`;
        const text = line[column] ?? '';

        return column === 0 || areWords[column] ? text.padEnd(width) : text.padStart(width);
      });

      return `| ${cells.join(' | ')} |`;
    })
    .join('\n');
}

/** A number with three digits that count, and thousands set apart. */
export function figure(value: number): string {
  if (value === 0 || Number.isNaN(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));

  return Number(value.toPrecision(3)).toLocaleString('en', {
    minimumFractionDigits: Math.min(digits, 2),
    maximumFractionDigits: Math.min(digits, 3),
  });
}
