// Dunes Compute: virtual machine hours, each region with its own price list.
const HOURLY = {
  "eu-west": { small: 0.021, large: 0.168, gpu: 1.92 },
  "eu-north": { small: 0.019, large: 0.151, gpu: 1.71 },
  "us-east": { small: 0.018, large: 0.144, gpu: 1.66 },
  "ap-tokyo": { small: 0.026, large: 0.207, gpu: 2.38 },
};
const REST_OF_WORLD = { small: 0.03, large: 0.24, gpu: 2.75 };

export default {
  price(usage) {
    const size = usage.metric.replace("vm-hours-", "");
    const hourly = (HOURLY[usage.region] || REST_OF_WORLD)[size];
    const amount = Math.round(usage.quantity * hourly * 100) / 100;
    return {
      amount,
      currency: "EUR",
      lines: [{ label: `${usage.quantity} h ${size} in ${usage.region}`, amount }],
    };
  },
};
