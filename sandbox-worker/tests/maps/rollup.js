/** The tax of a net amount. */
function tax(net) {
    if (net < 0) {
        throw new RangeError(`no tax for ${net}`);
    }
    return net / 4;
}

const price = (order) => {
    const total = order.net + tax(order.net);
    return total;
};

export { price };
