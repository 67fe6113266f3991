// @ts-check

const DiscountApplicationStrategy = { First: "FIRST", Maximum: "MAXIMUM" };

const EMPTY_DISCOUNT = { discountApplicationStrategy: DiscountApplicationStrategy.First, discounts: [] };

export default (input) => {
  const targets = input.cart.lines
    .filter((line) => line.quantity >= 10 && line.merchandise.__typename === "ProductVariant")
    .map((line) => ({ productVariant: { id: line.merchandise.id } }));

  if (!targets.length) {
    return EMPTY_DISCOUNT;
  }

  return {
    discounts: [{ targets, value: { percentage: { value: "10.0" } } }],
    discountApplicationStrategy: DiscountApplicationStrategy.Maximum,
  };
};
