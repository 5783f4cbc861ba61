/** Draws a ladder on one canvas, at most once per frame of the screen, from whatever is newest then. */

import { grouped, padded, perMille } from "$lib/decimals";

import { scheme } from "$lib/scheme";

import type { LadderRow } from "./ladder";

export const ROW_PX = 20;

/** The columns from left to right, with their parts of the width. */
const COLUMNS = [
  ["ownBuy", 0.14],
  ["bid", 0.2],
  ["price", 0.2],
  ["ask", 0.2],
  ["ownSell", 0.14],
  ["traded", 0.12],
] as const;
export type Column = (typeof COLUMNS)[number][0];

/** The column at a place from the left edge. */
export function columnAt(x: number, width: number): Column {
  let edge = 0;
  for (const [column, part] of COLUMNS) {
    edge += part * width;
    if (x < edge) return column;
  }
  return "traded";
}

/** What is drawn. */
export interface Scene {
  readonly rows: readonly LadderRow[];
  /** Places of prices. */
  readonly scale: number;
  /** Row of the keyboard's cursor; undefined while the ladder has no focus. */
  readonly cursor: number | undefined;
  /** Rows may be out of date. */
  readonly dim: boolean;
  readonly armed: boolean;
}

const TOKENS = ["--bg", "--panel", "--text", "--muted", "--line", "--up", "--down", "--up-wash", "--down-wash", "--accent", "--warn", "--select"] as const;
type Colours = Record<(typeof TOKENS)[number], string>;

export class LadderDrawing {
  readonly #resized: ResizeObserver;
  #colours: Colours;
  #frame: number | undefined;
  /** Frames drawn, for tests. */
  frames = 0;

  /** `scene` is asked for when a frame is drawn, with the number of rows that fit. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly scene: (rows: number) => Scene,
  ) {
    this.#colours = this.#readColours();
    this.#resized = new ResizeObserver(() => this.request());
    this.#resized.observe(canvas);
    scheme.addEventListener("change", this.#recolour);
    this.request();
  }

  get rowsThatFit(): number {
    return Math.max(1, Math.floor(this.canvas.clientHeight / ROW_PX));
  }

  /** Asks for a frame; however often it is called, one is drawn. */
  request(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#draw();
    });
  }

  stop(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#resized.disconnect();
    scheme.removeEventListener("change", this.#recolour);
  }

  readonly #recolour = (): void => {
    this.#colours = this.#readColours();
    this.request();
  };

  #readColours(): Colours {
    const style = getComputedStyle(this.canvas);
    return Object.fromEntries(TOKENS.map((token) => [token, style.getPropertyValue(token).trim()])) as Colours;
  }

  #draw(): void {
    const context = this.canvas.getContext("2d");
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!context || width === 0) return;
    const ratio = devicePixelRatio;
    const [pixelWidth, pixelHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== pixelWidth) this.canvas.width = pixelWidth;
    if (this.canvas.height !== pixelHeight) this.canvas.height = pixelHeight;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = this.#colours["--panel"];
    context.fillRect(0, 0, width, height);
    const scene = this.scene(this.rowsThatFit);
    context.globalAlpha = scene.dim ? 0.6 : 1;
    const largest = largestOf(scene.rows);
    const traded = largestOf(scene.rows.map(({ traded }) => ({ bid: traded, ask: "" })));
    scene.rows.forEach((row, at) => this.#drawRow(context, row, at, width, scene, largest, traded));
    context.globalAlpha = 1;
    this.frames++;
    this.canvas.dataset["frames"] = String(this.frames);
  }

  #drawRow(context: CanvasRenderingContext2D, row: LadderRow, at: number, width: number, scene: Scene, largest: string, traded: string): void {
    const colour = this.#colours;
    const [top, middle] = [at * ROW_PX, at * ROW_PX + ROW_PX / 2 + 0.5];
    context.fillStyle = colour["--line"];
    context.fillRect(0, top + ROW_PX - 1, width, 0.5);
    context.textBaseline = "middle";
    let left = 0;
    for (const [column, part] of COLUMNS) {
      const wide = part * width;
      const cell = (fill: string, share: number, fromRight: boolean): void => {
        context.fillStyle = fill;
        const bar = (wide - 2) * Math.min(1, share);
        context.fillRect(fromRight ? left + wide - 1 - bar : left + 1, top + 1, bar, ROW_PX - 2);
      };
      const write = (text: string, fill: string, align: "left" | "right" | "center", bold = false): void => {
        context.font = `${bold ? 650 : 400} 12px ${getFont(this.canvas)}`;
        context.fillStyle = fill;
        context.textAlign = align;
        context.fillText(text, align === "left" ? left + 6 : align === "right" ? left + wide - 6 : left + wide / 2, middle, wide - 6);
      };
      if (column === "bid" && row.bid) {
        cell(colour["--up-wash"], perMille(row.bid, largest) / 1000, true);
        write(grouped(row.bid), colour["--up"], "right");
      } else if (column === "ask" && row.ask) {
        cell(colour["--down-wash"], perMille(row.ask, largest) / 1000, false);
        write(grouped(row.ask), colour["--down"], "left");
      } else if (column === "price") {
        if (row.last) cell(colour["--select"], 1, false);
        write(padded(row.price, scene.scale), row.last ? colour["--accent"] : colour["--text"], "center", row.last);
      } else if (column === "ownBuy" && row.ownBuy) {
        cell(colour["--up"], 0.02, true);
        write(grouped(row.ownBuy), colour["--up"], "right", true);
      } else if (column === "ownSell" && row.ownSell) {
        cell(colour["--down"], 0.02, false);
        write(grouped(row.ownSell), colour["--down"], "left", true);
      } else if (column === "traded" && row.traded) {
        cell(colour["--select"], perMille(row.traded, traded) / 1000, true);
        write(grouped(row.traded), colour["--muted"], "right");
      }
      left += wide;
    }
    if (at !== scene.cursor) return;
    context.strokeStyle = scene.armed ? colour["--warn"] : colour["--accent"];
    context.lineWidth = 2;
    context.strokeRect(1, top + 1, width - 2, ROW_PX - 3);
  }
}

function getFont(canvas: HTMLCanvasElement): string {
  return getComputedStyle(canvas).fontFamily;
}

function largestOf(rows: readonly { bid: string; ask: string }[]): string {
  return rows.flatMap(({ bid, ask }) => [bid, ask]).reduce((most, size) => (size !== "" && perMille(most, size) < 1000 ? size : most), "0");
}
