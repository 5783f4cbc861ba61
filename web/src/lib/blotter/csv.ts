/** Tables as CSV (RFC 4180), for a spreadsheet. */

/** What a spreadsheet would take for the start of a formula. */
const FORMULA = /^\s*[=+\-@]|^[\t\r\n]/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** Tells a spreadsheet that the text is UTF-8. */
const MARK = "\uFEFF";

/**
 * One cell. A number stays exactly as it is. A text that a spreadsheet would run as a formula gets an apostrophe before it:
 * notes and the texts of venues are written by others.
 */
export function csvCell(text: string): string {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A table with its head. */
export function csvOf(head: readonly string[], rows: Iterable<readonly string[]>): string {
  const lines = [head.map(csvCell).join(",")];
  for (const row of rows) lines.push(row.map(csvCell).join(","));
  return `${MARK}${lines.join("\r\n")}\r\n`;
}

/** A name of a file that says what it holds and as of when: "orders-20270131T103005Z.csv". */
export function csvName(what: string, nowMs: number): string {
  return `${what}-${new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z.csv`;
}

/** Gives a person the file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
