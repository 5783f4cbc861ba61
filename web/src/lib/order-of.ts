/** Columns in the order of a person. */

/** Columns with one moved by some places, at the ends as far as it goes. */
export function movedColumn<Id>(columns: readonly Id[], id: Id, by: number): readonly Id[] {
  const at = columns.indexOf(id);
  if (at < 0) return columns;
  const others = columns.filter((one) => one !== id);
  others.splice(Math.max(0, Math.min(others.length, at + by)), 0, id);
  return others;
}

/** Columns with one shown or hidden; the last one is not hidden, and what is shown comes last. */
export function toggledColumn<Id>(columns: readonly Id[], id: Id): readonly Id[] {
  if (!columns.includes(id)) return [...columns, id];
  return columns.length === 1 ? columns : columns.filter((one) => one !== id);
}
