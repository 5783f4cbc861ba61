/** Rows of which only those in view are drawn: TanStack's virtualiser, read through runes. */

import { elementScroll, observeElementOffset, observeElementRect, Virtualizer, type VirtualItem } from "@tanstack/virtual-core";
import { untrack } from "svelte";

/** Rows drawn above and below those in view. */
const OVERSCAN = 8;
/** Height of the head of a table, which covers the top of the view, in pixels. */
const HEAD_PX = 28;

export interface VirtualRowsOptions {
  /** What scrolls. */
  readonly element: () => HTMLElement | undefined;
  readonly count: () => number;
  /** The key of a row, by which its height is kept; "" without such a row. */
  readonly key: (index: number) => string;
  /** Where the row of a key is now; -1 if it is not there. */
  readonly indexOf: (key: string) => number;
  /** Height of a row that was not measured, in pixels. */
  readonly rowPx: () => number;
  /** Rows that are drawn though they are out of view, such as one in which a person types. */
  readonly kept: () => readonly number[];
}

export class VirtualRows {
  /** Counts what makes other rows be drawn. */
  #version = $state(0);
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  /** The row at the top of the view, if the view is not at the very top, and how far it begins above it, in pixels. */
  #anchor: { readonly key: string; readonly above: number } | undefined;

  /** To be called while a component is made. */
  constructor(private readonly options: VirtualRowsOptions) {
    this.#virtualizer = new Virtualizer<HTMLElement, HTMLElement>({
      ...this.#current(),
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      overscan: OVERSCAN,
      scrollPaddingEnd: HEAD_PX,
      indexAttribute: "data-index",
      rangeExtractor: ({ startIndex, endIndex, overscan, count }) => {
        const drawn = new Set<number>(options.kept().filter((index) => index >= 0 && index < count));
        for (let index = Math.max(0, startIndex - overscan); index <= Math.min(count - 1, endIndex + overscan); index++) drawn.add(index);
        return [...drawn].sort((a, b) => a - b);
      },
      onChange: () => {
        this.#remember();
        this.#version++;
      },
    });
    $effect(() => this.#virtualizer._didMount());
    $effect.pre(() => this.#renew());
    $effect(() => {
      void [this.options.element(), this.options.count()];
      untrack(() => this.#settle());
    });
  }

  /** The rows to draw. */
  get items(): readonly VirtualItem[] {
    void this.#version;
    return this.#virtualizer.getVirtualItems();
  }

  /** Height of all rows, in pixels. */
  get totalPx(): number {
    void this.#version;
    return this.#virtualizer.getTotalSize();
  }

  /** Measures a row when it is drawn; as an action, `use:rows.measured`. */
  readonly measured = (row: HTMLElement): { destroy: () => void } => {
    this.#virtualizer.measureElement(row);
    return { destroy: () => this.#virtualizer.measureElement(null) };
  };

  /** Brings a row into view. */
  show(index: number): void {
    this.#virtualizer.scrollToIndex(index, { align: "auto" });
  }

  /** Goes to the first row. */
  toTop(): void {
    this.#anchor = undefined;
    this.#virtualizer.scrollToOffset(0);
  }

  /** Remembers the row at the top of the view. */
  #remember(): void {
    const top = this.#virtualizer.scrollOffset ?? 0;
    const item = top > 0 ? this.#virtualizer.getVirtualItemForOffset(top) : undefined;
    this.#anchor = item && { key: untrack(() => this.options.key(item.index)), above: top - item.start };
  }

  #renew(): void {
    this.#virtualizer.setOptions({ ...this.#virtualizer.options, ...this.#current() });
    untrack(() => this.#version++);
  }

  /** After rows came or went above the view: what a person reads stays where it is. */
  #settle(): void {
    this.#virtualizer._willUpdate();
    const anchor = this.#anchor;
    const index = anchor ? this.options.indexOf(anchor.key) : -1;
    const start = index < 0 ? undefined : this.#virtualizer.getOffsetForIndex(index, "start")?.[0];
    if (anchor && start !== undefined && Math.abs(start + anchor.above - (this.#virtualizer.scrollOffset ?? 0)) > 1) this.#virtualizer.scrollToOffset(start + anchor.above);
  }

  #current(): { count: number; getScrollElement: () => HTMLElement | null; getItemKey: (index: number) => string; estimateSize: () => number } {
    const { element, count, key, rowPx } = this.options;
    const height = rowPx();
    // A new function each time: that is how the virtualiser learns that other rows have come to their places.
    return { count: count(), getScrollElement: () => element() ?? null, getItemKey: (index) => untrack(() => key(index)), estimateSize: () => height };
  }
}
