//! How long programs take in an open and in a frozen realm, as the rows of a page.

use std::time::{Duration, Instant};

use sandbox_runtime::Result;

use crate::REFUSED;
use crate::bundles::Bundles;
use crate::table::{Need, Program};
use crate::worlds::{FROZEN, Main, OPEN, World, call};

/// How often a program is called in each realm, and how long at most.
const CALLS: usize = 200;
const MOST: Duration = Duration::from_millis(100);

/// A program in one realm.
struct Run {
    load: Duration,
    first: Duration,
    /// The fastest of the later calls.
    later: Duration,
    program: Box<dyn Main>,
}

impl Run {
    fn begin(world: &World, program: &Program, source: String) -> Result<Self> {
        let began = Instant::now();
        let program = world.load(program, source)?;
        let (load, began) = (began.elapsed(), Instant::now());
        call(&*program)?;
        Ok(Self { load, first: began.elapsed(), later: Duration::MAX, program })
    }

    fn again(&mut self) -> Result<()> {
        let began = Instant::now();
        call(&*self.program)?;
        self.later = self.later.min(began.elapsed());
        Ok(())
    }
}

/// A program in both realms.
struct Figures {
    open: Run,
    frozen: Run,
}

impl Figures {
    /// The calls take turns, so that other work of the machine meets both.
    fn of(program: &Program, source: &str) -> Result<Self> {
        let open = Run::begin(&OPEN, program, source.to_owned())?;
        let frozen = Run::begin(&FROZEN, program, source.to_owned())?;
        let (mut figures, began) = (Self { open, frozen }, Instant::now());
        for _ in 0..CALLS {
            figures.open.again()?;
            figures.frozen.again()?;
            if began.elapsed() > MOST {
                break;
            }
        }
        Ok(figures)
    }

    fn ratio(&self) -> f64 {
        self.frozen.later.as_secs_f64() / self.open.later.as_secs_f64()
    }
}

/// The rows of the page, and a line about all of them.
pub(crate) fn rows(bundles: &Bundles) -> Vec<String> {
    let mut ratios = Vec::new();
    let row = |program: &Program| {
        let figures = bundles.source(program).filter(|_| program.can_run());
        let figures = figures.and_then(|source| Figures::of(program, &source).ok());
        ratios.extend(figures.as_ref().map(Figures::ratio));
        shown(program, figures.as_ref())
    };
    let mut rows = bundles.programs.iter().map(row).collect::<Vec<_>>();
    ratios.sort_by(f64::total_cmp);
    let at_most = |most: f64| ratios.iter().filter(|ratio| **ratio <= most).count();
    let (count, middle) = (ratios.len(), ratios[ratios.len() / 2]);
    rows.push(without_code_from_text(bundles));
    rows.push(format!(
        "{count} programs run in both realms. The ratio is at most 1.2 for {} of them; the median is {middle:.2}.",
        at_most(1.2)
    ));
    rows
}

/// How many programs run with code from text off, and the others. The tests compare what each gives with what it gives in node.
fn without_code_from_text(bundles: &Bundles) -> String {
    let all = &bundles.programs;
    let (runs, others) = all
        .iter()
        .partition::<Vec<_>, _>(|program| program.can_run() && !program.needs.contains(&Need::Eval));
    let refused = REFUSED.iter().filter(|(name, _)| runs.iter().any(|program| program.name == *name));
    let others = others.iter().map(|program| program.name).collect::<Vec<_>>().join(", ");
    format!(
        "With code from text off, {} of {} programs run in an open realm, and {} in a frozen one, in threads and in processes. The others \
         need code from text or a module of node: {others}.",
        runs.len(),
        all.len(),
        runs.len() - refused.count(),
    )
}

fn shown(program: &Program, figures: Option<&Figures>) -> String {
    let ms = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1e3);
    let cells = figures.map_or_else(
        || ["not run", "", "", "", ""].map(str::to_owned),
        |Figures { open, frozen }| {
            let ratio = frozen.later.as_secs_f64() / open.later.as_secs_f64();
            [ms(open.load), ms(frozen.load), ms(open.first), ms(open.later), format!("{ratio:.2}")]
        },
    );
    let needs = program.needs.iter().map(|need| match need {
        Need::Eval => "`Permission::Eval`",
        Need::WebAssembly => "`Permission::WebAssembly`",
        Need::Console => "`console`",
        Need::Web(name) | Need::Missing(name) => name,
    });
    format!("| {} | {} | {} |", program.name, needs.collect::<Vec<_>>().join(", "), cells.join(" | "))
}
