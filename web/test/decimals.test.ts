import { describe, expect, it } from "vitest";

import {
  add,
  compare,
  floorTo,
  format,
  fromInput,
  grouped,
  isCanonical,
  isMultiple,
  multiply,
  numberOf,
  padded,
  parse,
  perMille,
  rounded,
  subtract,
  typable,
} from "$lib/decimals";

describe("canonical decimals", () => {
  it.each(["0", "100", "0.5", "150.25", "-0.000000001", "999999999999999999.999999999"])("takes %s", (text) => {
    expect(isCanonical(text)).toBe(true);
    expect(format(parse(text))).toBe(text);
  });

  it.each(["", "150.250", ".5", "1e2", "+100", "-0", "007", "1.", "1,5", "1234567890123456789"])(
    "refuses %s",
    (text) => {
      expect(isCanonical(text)).toBe(false);
    },
  );

  it("refuses to read what is not a number, and says so", () => {
    expect(() => parse("1e2")).toThrow('"1e2" is not a decimal number');
  });
});

describe("arithmetic", () => {
  it("adds where floating point errs", () => {
    expect(format(add(parse("0.1"), parse("0.2")))).toBe("0.3");
    expect(format(subtract(parse("0.3"), parse("0.1")))).toBe("0.2");
    expect(format(multiply(parse("99999999999"), parse("612.45")))).toBe("61244999999387.55");
  });

  it("compares across scales", () => {
    expect(compare(parse("1.50"), parse("1.5"))).toBe(0);
    expect(compare(parse("1.49"), parse("1.5"))).toBe(-1);
    expect(compare(parse("-1"), parse("-2"))).toBe(1);
  });

  it("knows multiples of a tick", () => {
    expect(isMultiple(parse("612.45"), parse("0.05"))).toBe(true);
    expect(isMultiple(parse("612.46"), parse("0.05"))).toBe(false);
    expect(isMultiple(parse("1"), parse("0"))).toBe(false);
    expect(format(floorTo(parse("612.49"), parse("0.05")))).toBe("612.45");
  });

  it("gives a share for drawing", () => {
    expect(perMille("33", "100")).toBe(330);
    expect(perMille("150", "100")).toBe(1000);
    expect(perMille("", "100")).toBe(0);
  });
});

describe("what people type", () => {
  it.each([
    ["100", "100"],
    [" 100.50 ", "100.5"],
    [".5", "0.5"],
    ["5.", "5"],
    ["007", "7"],
    ["0", "0"],
    ["-5", "-5"],
    ["-0.050", "-0.05"],
    ["-0", "0"],
    ["640.50", "640.5"],
    ["1k", "1000"],
    ["1,000", "1000"],
    ["1,234,567.50", "1234567.5"],
    ["1.5m", "1500000"],
    ["1.5M", "1500000"],
    ["0.0005k", "0.5"],
    [".25K", "250"],
    ["2,500k", "2500000"],
  ])("%s becomes %s", (typed, text) => {
    expect(fromInput(typed)).toEqual({ ok: true, text });
  });

  it.each([
    ["", "is missing"],
    ["1,5", "takes a point for decimals, and commas only between groups of three digits"],
    ["1,0000", "takes a point for decimals, and commas only between groups of three digits"],
    ["0,500", "takes a point for decimals, and commas only between groups of three digits"],
    ["007,500", "takes a point for decimals, and commas only between groups of three digits"],
    [",100", "takes a point for decimals, and commas only between groups of three digits"],
    ["1,000,00k", "takes a point for decimals, and commas only between groups of three digits"],
    ["k", "is not a number"],
    ["1km", "is not a number"],
    ["1.5.5", "is not a number"],
    ["1000000000000000k", "has too many digits"],
    ["--1", "is not a number"],
    ["-", "is not a number"],
    ["1e3", "is not a number"],
    [".", "is not a number"],
    ["1.0000000001", "has too many digits"],
    ["1234567890123456789", "has too many digits"],
  ])("%s: %s", (typed, why) => {
    expect(fromInput(typed)).toEqual({ ok: false, why });
  });
});

describe("a field of a number", () => {
  it.each([
    ["?", "12", "12"],
    ["12?", "12", "12"],
    ["-1", "12", "-1"],
    ["1,000.5k", "1,000.5k", "1,000.5k"],
    [" 640.50 ", "640.50", "640.50"],
    ["EUR 13", "12", "12"],
    ["1e3", "12", "12"],
    ["", "", ""],
  ])("after %s in place of 12 it holds what can become a number", (typed, kept, signed) => {
    expect(typable(typed, "12")).toBe(kept);
    expect(typable(typed, "12", true)).toBe(signed);
  });

  it("is read as the number it stands for, or as none yet", () => {
    expect(numberOf("1.5k")).toBe("1500");
    expect(numberOf("1.")).toBe("1");
    expect(numberOf(".")).toBe("");
  });
});

describe("display", () => {
  it("pads to the tick, groups, rounds without floating point", () => {
    expect(padded("612.4", 2)).toBe("612.40");
    expect(padded("612", 2)).toBe("612.00");
    expect(padded("612.456", 2)).toBe("612.456");
    expect(padded("–", 2)).toBe("–");
    expect(grouped("1234567.5")).toBe("1,234,567.5");
    expect(rounded("612.444444445", 4)).toBe("612.4444");
    expect(rounded("0.99995", 4)).toBe("1");
    expect(rounded("-0.00005", 4)).toBe("-0.0001");
  });
});
