"""Writes usage.csv: a month of usage records for every tenant, the same on each run."""

import csv
import pathlib
import random

DAYS_IN_MONTH = 30
HEADER = ["tenant", "customer", "plan", "metric", "quantity", "region", "day", "daysInMonth", "coupon"]

# tenant: (customers, records, plans, {metric: (least, most)}, regions, coupons)
# A range of floats gives quantities with two decimals. A customer keeps its plan
# and its region for the month.
HONEST = {
    "acme": (5, 90, ["standard"], {"api-calls": (800, 120_000)}, ["us-east", "eu-west"], []),
    "borealis": (6, 96, ["standard"], {"stored-gb": (40.0, 14_000.0), "restore-gb": (1.0, 300.0)}, ["eu-north"], []),
    "cobalt": (12, 60, ["starter", "team", "enterprise"], {"seats": (-4, 14)}, ["us-east"], []),
    "dunes": (5, 84, ["standard"], {"vm-hours-small": (1.0, 240.0), "vm-hours-large": (1.0, 96.0), "vm-hours-gpu": (0.25, 24.0)}, ["eu-west", "eu-north", "us-east", "ap-tokyo", "sa-east"], []),
    "ember": (6, 90, ["free", "pro", "scale"], {"linux-minutes": (5, 900), "mac-minutes": (2, 140)}, ["us-east", "eu-west"], []),
    "fjord": (7, 84, ["standard"], {"passenger": (1, 60), "bicycle": (1, 15), "freight": (1, 40)}, ["bergen", "bodo"], ["KLIPPEKORT"]),
    "ginkgo": (5, 75, ["standard"], {"page": (1, 400), "scan": (1, 120), "translation": (1, 60)}, ["ap-tokyo"], []),
    "harbor": (10, 100, ["standard"], {"container": (1, 6), "pallet": (1, 48), "parcel": (1, 400)}, ["eu-west", "us-east", "uk-south", "ap-tokyo", "sa-east"], []),
    "iris": (4, 72, ["standard"], {"thumbnail": (500, 90_000), "resize": (200, 30_000), "upscale": (1, 900)}, ["uk-south"], []),
    "juniper": (8, 88, ["trial", "basic", "growth"], {"seats": (1, 40), "contacts": (20, 6_000)}, ["us-east", "eu-west"], []),
    "krill": (6, 80, ["standard"], {"bike": (1, 40), "van": (1, 18), "night": (1, 6)}, ["centre", "suburb", "country"], ["KRILL5", "KRILL15", "KRILL99"]),
    "lumen": (7, 90, ["household", "business"], {"kwh": (1.0, 46.0), "kwh-fed-in": (0.5, 12.0)}, ["zurich", "bern"], []),
    "mistral": (5, 70, ["standard"], {"messages": (120, 260_000)}, ["eu-west"], []),
    "nimbus": (5, 75, ["standard"], {"connections": (40, 16_000)}, ["us-east", "eu-west"], []),
    "orchid": (6, 84, ["standard"], {f"sms:{kind}:{country}": (1, 4_000) for kind in ("marketing", "service") for country in ("de", "fr", "gb", "us")}, ["eu-west"], []),
    "pylon": (6, 66, ["standard"], {"traffic-gb": (0.5, 7_500.0)}, ["on", "qc", "bc", "ab"], []),
    "quartz": (5, 78, ["standard"], {"rows-scanned": (50_000, 90_000_000)}, ["ap-sydney"], ["WELCOME20", "WINTER8", "SPRING3"]),
    "reef": (6, 80, ["standard"], {"std": (10, 9_000), "hd": (10, 16_000), "uhd": (5, 2_500)}, ["us-east", "eu-west", "ap-tokyo"], []),
}

HOSTILE = [
    "constructor-escape", "endless-loop", "endless-recursion", "getter-trap", "import-fs", "late-loop",
    "loop-on-load", "memory-bomb", "missing-export", "promise-result", "prototype-pollution",
    "regex-backtracking", "require-child-process", "syntax-error", "throws", "wrong-type",
]

NAMES = [
    "abacus", "birch", "castor", "delphi", "echo", "falcon", "gamma", "helix", "indigo", "jasper", "kepler",
    "lotus", "maple", "nova", "onyx", "pixel", "quill", "raven", "sable", "tundra", "umbra", "vertex", "willow", "zephyr",
]


def quantity(rng, least, most):
    """Small quantities are more frequent than large ones; none is zero."""
    spread = rng.random() ** 2
    if isinstance(least, float):
        return f"{least + (most - least) * spread:.2f}"
    return str(round(least + (most - least) * spread) or 1)


def records(rng, tenant, shape):
    customers, count, plans, metrics, regions, coupons = shape
    names = rng.sample(NAMES, customers)
    home = {name: (plans[i % len(plans)], regions[i % len(regions)]) for i, name in enumerate(names)}
    for i in range(count):
        name = names[i] if i < customers else rng.choice(names)
        plan, region = home[name]
        metric = rng.choice(list(metrics))
        coupon = rng.choice(coupons) if coupons and rng.random() < 0.3 else ""
        day = rng.randint(1, DAYS_IN_MONTH)
        yield [tenant, name, plan, metric, quantity(rng, *metrics[metric]), region, day, DAYS_IN_MONTH, coupon]


def main():
    rng = random.Random("usage")
    hostile = (3, 10, ["standard"], {"api-calls": (1, 5_000)}, ["us-east", "eu-west"], [])
    shapes = HONEST | {tenant: hostile for tenant in HOSTILE}
    rows = [row for tenant, shape in shapes.items() for row in records(rng, tenant, shape)]
    # The month runs day by day; within a day the tenants come in no order.
    rng.shuffle(rows)
    rows.sort(key=lambda row: row[HEADER.index("day")])
    path = pathlib.Path(__file__).with_name("usage.csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER, *rows])


if __name__ == "__main__":
    main()
