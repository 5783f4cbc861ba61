import { describe, expect, it } from "vitest";

import { firstQuantity } from "$lib/ticket";
import { priceFault, priceScale, quantityFault, stepPrice, stepQuantity } from "$lib/tick";

import { instrument } from "../../clients/typescript/test/builders";

const listing = instrument();

describe("ticks", () => {
  it("finds the band of a price", () => {
    expect(priceFault(listing, "499.99")).toBe("");
    expect(priceFault(listing, "500.1")).toBe("");
    expect(priceFault(listing, "500.15")).toBe("must be a multiple of the tick 0.1: 500.1 or 500.2");
    expect(priceFault(listing, "1000.2")).toBe("");
    expect(priceFault(listing, "1000.1")).toContain("tick 0.2");
    expect(priceFault(listing, "0")).toBe("must be above zero");
    expect(priceFault(listing, "0.005")).toBe("must be a multiple of the tick 0.01: 0.01");
  });

  it("gives the places of a column", () => {
    expect(priceScale(listing, "12.5")).toBe(2);
    expect(priceScale(listing, "612.4")).toBe(1);
    expect(priceScale(listing, "")).toBe(0);
  });

  it("steps over a band's edge with the step of each side", () => {
    expect(stepPrice(listing, "499.99", true)).toBe("500");
    expect(stepPrice(listing, "500", true)).toBe("500.1");
    expect(stepPrice(listing, "500", false)).toBe("499.99");
    expect(stepPrice(listing, "500.15", false)).toBe("500.1");
    expect(stepPrice(listing, "0.01", false)).toBe("0.01");
    expect(stepPrice(listing, "", true)).toBe("0.01");
  });

  it("checks nothing where the venue reported no table", () => {
    expect(priceFault(instrument({ tickTable: [] }), "1.23456")).toBe("");
  });
});

describe("lots", () => {
  const round = instrument({ lotSize: "50", maxQuantity: "1000" });

  it("checks and steps", () => {
    expect(quantityFault(round, "150")).toBe("");
    expect(quantityFault(round, "120")).toBe("must be a multiple of the lot 50");
    expect(quantityFault(round, "1050")).toBe("must not be above 1000");
    expect(quantityFault(round, "0")).toBe("must be above zero");
    expect(stepQuantity(round, "120", true)).toBe("150");
    expect(stepQuantity(round, "50", false)).toBe("50");
  });

  it("begins with a hundred, or a lot where a hundred does not fit", () => {
    expect(firstQuantity(round)).toBe("100");
    expect(firstQuantity(instrument({ lotSize: "30" }))).toBe("30");
  });
});
