//! Programs of several ways, callers and kinds of results at once, by a number.

use super::ways::{self, CALLERS, CALLS, ELEMENTS, GARBAGE, OBJECTS, PROTECTORS, RESULTS};

/// SplitMix64.
struct Choices(u64);

impl Choices {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ mixed >> 31) % most as u64).expect("it is less")
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// The program of a number. Blocks keep the names of its parts apart.
pub(super) fn program(seed: u64) -> String {
    let mut choices = Choices(seed);
    let all: [&[_]; 5] = [&OBJECTS, &ELEMENTS, &PROTECTORS, &GARBAGE, &CALLS];
    let mut parts = Vec::new();
    for part in 0..=choices.below(3) {
        let (_, declared, observed, change) = *{
            let kind = choices.below(all.len());
            choices.of(all[kind])
        };
        // A change that runs the program itself would run all of them again.
        let change = if change.contains("run(") { "" } else { change };
        parts.push((part, declared, observed, change));
    }
    let declared = parts.iter().map(|(part, declared, observed, change)| {
        format!(
            "const [observe{part}, change{part}] = (() => {{ {declared}\n return [(i, t, f) => {observed}, () => {{ {change} }}]; }})();"
        )
    });
    let declared = declared.collect::<Vec<_>>().join("\n");
    let observed = parts
        .iter()
        .map(|(part, ..)| format!("String(observe{part}(i, t, f))"))
        .collect::<Vec<_>>()
        .join(" + ");
    let change = parts.iter().map(|(part, ..)| format!("change{part}();")).collect::<String>();
    let (_, functions, caller) = *choices.of(&CALLERS);
    let result = choices.of(&RESULTS).1;
    let call = match choices.below(4) {
        0 => caller.to_owned(),
        1 => format!("{result} {caller}"),
        2 => format!("{caller} {result}"),
        _ => result.to_owned(),
    };
    let call = match choices.below(3) {
        0 => format!("if (i % 7) {{ {call} }} else {{ {result} }}"),
        1 => format!("for (let n = 0; n < 2; n++) {{ {call} }}"),
        _ => call,
    };
    ways::program(&declared, &observed, &change, &call, functions)
}
