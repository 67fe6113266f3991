//! Errors on their way from the peer to the host.
//!
//! The host trusts no part of them: texts are cut, and places are looked up. [`RemoteFault`] is the encoded form, and
//! [`Hearing`] decodes it.

use std::cell::Cell;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::contract::{ContractSpec, MethodSpec};
use crate::error::{
    Amount, BoundaryError, Direction, DiscardCause, Error, Excess, ExportProblem, LimitKind, LossReason,
    MAX_CALLS, MOST_ERRORS, MOST_PROPERTIES, Phase, Place, StackFrame, Thrown, Violation,
};
use crate::limits::Limits;
use crate::script::OriginalPlace;
use crate::value::JsValue;

/// An error of the peer's sandbox. `Build` answers only a request that makes a sandbox or a realm.
#[derive(Serialize, Deserialize)]
pub enum RemoteFault {
    Build(String),
    Syntax {
        script: String,
        message: String,
        line: usize,
        column: usize,
    },
    /// A global that was not given, and the reason.
    Global {
        name: String,
        reason: String,
    },
    /// The numbers of the methods, and the exports that were found.
    Mismatch {
        script: String,
        problems: Vec<(usize, Option<String>)>,
        exports: Vec<String>,
    },
    Guest(Exception),
    Value {
        place: Site,
        to_host: bool,
        violations: Vec<[String; 3]>,
        truncated: bool,
        /// The value is a host method's result that exceeds a budget. The host has checked the contract. Only the peer
        /// counts the values that it receives.
        of_host: bool,
    },
    Limit(Over),
    /// The sandbox was given up after this, and the call was not made.
    Discarded(Box<RemoteFault>),
    /// The sandbox was given up after this while the call was under way.
    Lost(Box<RemoteFault>),
    /// The call would wait for itself, and was not made.
    Blocking,
    /// The host had released the object of the call, and the call was not made.
    Released,
}

/// A limit that was exceeded. The host knows its value.
#[derive(Serialize, Deserialize)]
pub struct Over {
    kind: u8,
    phase: Option<u8>,
    /// The bytes that were found, or the nanoseconds of a limit of time.
    met: Option<u64>,
    /// The host method that was called too often.
    method: Option<Site>,
    /// Whether the limit is the method's own; of stack, whether it is that of calls inside of each other.
    is_of_method: bool,
    script: Option<String>,
    place: Option<Site>,
}

/// The number of a host's error, which stands for the error itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(pub u64);

/// The names of a contract and of a method.
pub type Site = (String, String);

/// An exception of a guest.
#[derive(Serialize, Deserialize)]
pub struct Exception {
    name: Option<String>,
    message: String,
    stack: Vec<RemoteFrame>,
    /// The encoded value.
    value: Option<Vec<u8>>,
    cause: Option<Box<Exception>>,
    errors: Vec<Exception>,
    /// The names of properties, and their encoded values.
    properties: Vec<(String, Vec<u8>)>,
    source: Option<u64>,
}

/// A function, and its place: a file, a line and a column.
#[derive(Serialize, Deserialize)]
pub struct RemoteFrame {
    function: Option<String>,
    place: (String, usize, usize),
    /// The place that this one was made from.
    original: Option<(String, usize, usize)>,
}

impl RemoteFrame {
    /// A frame for the other side.
    #[must_use]
    pub fn of(frame: StackFrame) -> Self {
        Self {
            function: frame.function,
            place: (frame.file, frame.line, frame.column),
            original: frame.original.map(|original| (original.file, original.line, original.column)),
        }
    }

    /// The frame, with the beginnings of too long names.
    #[must_use]
    pub fn frame(self) -> StackFrame {
        let (file, line, column) = self.place;
        let original = |(file, line, column)| OriginalPlace::new(cut(file), (line, column));
        StackFrame {
            original: self.original.map(original),
            ..StackFrame::new(self.function.map(cut), cut(file), (line, column))
        }
    }
}

const LIMITS: [LimitKind; 11] = [
    LimitKind::Wall,
    LimitKind::Cpu,
    LimitKind::TotalCpu,
    LimitKind::Heap,
    LimitKind::Buffers,
    LimitKind::Stack,
    LimitKind::Script,
    LimitKind::HostCalls,
    LimitKind::Pending,
    LimitKind::Deadline,
    LimitKind::Handles,
];

fn site(place: Place) -> Site {
    (place.contract.into_owned(), place.method.into_owned())
}

impl RemoteFault {
    /// Encodes an error. `methods` are those of the contract that was being bound.
    pub fn of(error: Error, methods: &[MethodSpec]) -> Self {
        match error {
            Error::Syntax { script, message, line, column, .. } => {
                Self::Syntax { script, message, line, column }
            }
            Error::Global { name, reason } => Self::Global { name, reason },
            Error::Mismatch { script, problems, exports, .. } => {
                // Every problem names a method of the contract.
                let index = |name: &str| methods.iter().position(|method| method.name == name);
                let problems = (*problems)
                    .into_iter()
                    .filter_map(|problem| Some((index(&problem.export)?, problem.found)));
                Self::Mismatch { script, problems: problems.collect(), exports: *exports }
            }
            Error::Guest(thrown) => Self::Guest(Exception::of(*thrown)),
            Error::Value(error) => Self::value(*error, false),
            Error::HostValue(error) => Self::value(*error, true),
            Error::Limit { excess, place, .. } => Self::Limit(Over::of(*excess, place)),
            Error::Discarded { cause: DiscardCause::Fault(fault) } => {
                Self::Discarded(Box::new(Self::of(*fault, methods)))
            }
            Error::Discarded { .. } => Self::Released,
            Error::Lost { reason: LossReason::Discarded(DiscardCause::Fault(fault)), .. } => {
                Self::Lost(Box::new(Self::of(*fault, methods)))
            }
            Error::Blocking { .. } => Self::Blocking,
            Error::Build { reason } => Self::Build(reason),
            other => Self::Build(other.to_string()),
        }
    }

    fn value(error: BoundaryError, of_host: bool) -> Self {
        Self::Value {
            place: site(error.place),
            to_host: error.direction == Direction::ToHost,
            violations: error.violations.into_iter().map(|v| [v.path, v.expected, v.found]).collect(),
            truncated: error.truncated,
            of_host,
        }
    }
}

impl Over {
    fn of(excess: Excess, place: Option<Place>) -> Self {
        let number = |at: Option<usize>| at.and_then(|at| u8::try_from(at).ok());
        let kind = LIMITS.iter().position(|known| *known == excess.kind);
        let phase = excess.phase.and_then(|phase| Phase::ALL.iter().position(|known| *known == phase));
        let met = excess.met.and_then(|met| match met {
            Amount::Bytes(bytes) => Some(bytes),
            Amount::Time(time) => u64::try_from(time.as_nanos()).ok(),
            Amount::Count(held) => (excess.kind == LimitKind::Handles).then_some(held),
        });
        let is_of_method = excess.setting == MAX_CALLS || excess.is_too_deep();
        Self {
            kind: number(kind).unwrap_or_default(),
            phase: number(phase),
            met,
            method: excess.method.map(site),
            is_of_method,
            script: excess.script,
            place: place.map(site),
        }
    }
}

impl Exception {
    fn of(thrown: Thrown) -> Self {
        let source = thrown.host_error_here::<Token>().map(|Token(number)| *number);
        Self {
            name: thrown.name,
            message: thrown.message,
            stack: thrown.stack.into_iter().map(RemoteFrame::of).collect(),
            value: thrown.value.map(|value| crate::wire::encoded(&value)),
            cause: thrown.cause.map(|cause| Box::new(Self::of(*cause))),
            errors: thrown.errors.into_iter().map(Self::of).collect(),
            properties: thrown
                .properties
                .into_iter()
                .map(|(name, value)| (name, crate::wire::encoded(&value)))
                .collect(),
            source,
        }
    }
}

/// The encoded values of an exception with its causes and errors, in bytes. A sandbox keeps 1,000 values and 64 KiB of text.
const MOST_BYTES: usize = 256 << 10;

/// The bounds of what is decoded of an exception with its causes and errors.
struct ThrownLeft {
    /// The errors of AggregateErrors.
    errors: Cell<usize>,
    /// The bytes of values.
    bytes: Cell<usize>,
}

impl ThrownLeft {
    /// Takes some of a bound; `None` when too little is left.
    fn take(left: &Cell<usize>, some: usize) -> Option<()> {
        left.set(left.get().checked_sub(some)?);
        Some(())
    }
}

/// Decodes the peer's errors into errors of this process.
pub struct Hearing<'h> {
    /// The method that was called.
    pub place: Option<&'h Place>,
    /// The contract of the call, or the contract that was being bound.
    pub contract: Option<&'h ContractSpec>,
    /// A sandbox or a realm was to be made.
    pub builds: bool,
    /// All other contracts that the guest can name.
    pub hosts: &'h [&'h ContractSpec],
    /// The limits of the guest.
    pub limits: &'h Limits,
    /// The errors of host methods, by their numbers.
    pub source: &'h dyn Fn(u64) -> Option<crate::error::Source>,
    /// Reads a value that is part of an error.
    pub value: &'h dyn Fn(&[u8]) -> Option<JsValue>,
}

impl Hearing<'_> {
    /// The error; `None` when no sandbox could have made it.
    pub fn error(&self, fault: RemoteFault) -> Option<Error> {
        Some(match fault {
            RemoteFault::Build(reason) if self.builds => Error::build(cut(reason)),
            RemoteFault::Build(_) => return None,
            RemoteFault::Blocking => Error::waits_for_itself(),
            RemoteFault::Released => Error::Discarded { cause: DiscardCause::Released },
            RemoteFault::Syntax { script, message, line, column } => {
                Error::syntax(cut(script), cut(message), (line, column), None)
            }
            RemoteFault::Global { name, reason } => Error::global(cut(name), cut(reason)),
            RemoteFault::Mismatch { script, problems, exports } => {
                let contract = self.contract?;
                let exports = exports.into_iter().take(32).map(cut).collect::<Vec<_>>();
                let problem = |(index, found): (usize, Option<String>)| {
                    let missing = ExportProblem::missing(contract.methods.get(index)?.name.clone(), &exports);
                    Some(match found {
                        Some(found) => ExportProblem { found: Some(cut(found)), similar: None, ..missing },
                        None => missing,
                    })
                };
                let problems = problems.into_iter().map(problem).collect::<Option<Vec<_>>>()?;
                Error::mismatch(contract.name.clone(), cut(script), problems, exports)
            }
            RemoteFault::Guest(exception) => {
                let most = ThrownLeft { errors: Cell::new(MOST_ERRORS), bytes: Cell::new(MOST_BYTES) };
                Error::of_guest(self.thrown(exception, self.place, 8, &most)?)
            }
            RemoteFault::Value { place, to_host, violations, truncated, of_host } => {
                let violations = violations.into_iter().take(crate::boundary::MOST);
                let violations = violations.map(|v| {
                    let [path, expected, found] = v.map(cut);
                    Violation { path, expected, found }
                });
                let direction = if to_host { Direction::ToHost } else { Direction::ToGuest };
                let (place, violations) = (self.place_of(&place)?, violations.collect());
                let is_host = self.hosts.iter().any(|spec| spec.name == place.contract);
                let error = Box::new(BoundaryError { place, direction, violations, truncated });
                match of_host {
                    true if to_host || !is_host => return None,
                    true => Error::HostValue(error),
                    false => Error::Value(error),
                }
            }
            RemoteFault::Limit(over) => self.over(over)?,
            RemoteFault::Discarded(fault) => Error::Discarded { cause: self.cause(*fault)? },
            RemoteFault::Lost(fault) => Error::lost(LossReason::Discarded(self.cause(*fault)?), self.place),
        })
    }

    /// The fault that ended a sandbox.
    fn cause(&self, fault: RemoteFault) -> Option<DiscardCause> {
        match fault {
            RemoteFault::Discarded(_)
            | RemoteFault::Lost(_)
            | RemoteFault::Blocking
            | RemoteFault::Released => None,
            fault => Some(DiscardCause::Fault(Box::new(self.error(fault)?))),
        }
    }

    /// The error of an exceeded limit, with the value that this side knows.
    fn over(&self, over: Over) -> Option<Error> {
        let kind = *LIMITS.get(usize::from(over.kind))?;
        let mut excess = self.limits.excess(kind);
        if over.is_of_method && kind == LimitKind::Stack {
            excess = Excess::too_deep();
        } else if over.is_of_method {
            let (_, method) = self.method_of(over.method.as_ref()?)?;
            excess = Excess::new(kind, MAX_CALLS, Some(Amount::Count(method.max_calls?)));
        }
        if let Some(phase) = over.phase {
            excess.phase = Some(*Phase::ALL.get(usize::from(phase))?);
        }
        if let Some(method) = over.method {
            excess.method = Some(self.place_of(&method)?);
        }
        excess.met = over.met.map(|met| match (kind, excess.phase) {
            (LimitKind::Handles, _) => Amount::Count(met),
            (_, Some(_)) => Amount::Time(Duration::from_nanos(met)),
            (_, None) => Amount::Bytes(met),
        });
        excess.script = over.script.map(cut);
        let place = match over.place {
            Some(place) => Some(self.place_of(&place)?),
            None => None,
        };
        Some(excess.error(place.as_ref()))
    }

    fn method_of(&self, (contract, method): &Site) -> Option<(&ContractSpec, &MethodSpec)> {
        let known = self.contract.iter().chain(self.hosts).copied().filter(|spec| spec.name == **contract);
        known
            .flat_map(|spec| spec.methods.iter().map(move |known| (spec, known)))
            .find(|(_, known)| known.name == **method)
    }

    fn place_of(&self, site: &Site) -> Option<Place> {
        let (contract, method) = self.method_of(site)?;
        Some(Place::named(&contract.name, &method.name))
    }

    /// The exception with at most so many errors in its chain of causes.
    fn thrown(
        &self,
        exception: Exception,
        place: Option<&Place>,
        causes: usize,
        most: &ThrownLeft,
    ) -> Option<Thrown> {
        let value = |bytes: Vec<u8>| {
            ThrownLeft::take(&most.bytes, bytes.len())?;
            (self.value)(&bytes)
        };
        Some(Thrown {
            place: place.cloned(),
            stack: exception.stack.into_iter().take(32).map(RemoteFrame::frame).collect(),
            value: match exception.value {
                Some(bytes) => Some(value(bytes)?),
                None => None,
            },
            cause: match exception.cause {
                Some(cause) if causes > 1 => Some(Box::new(self.thrown(*cause, None, causes - 1, most)?)),
                Some(_) => return None,
                None => None,
            },
            errors: exception
                .errors
                .into_iter()
                .map(|error| {
                    ThrownLeft::take(&most.errors, 1)?;
                    self.thrown(error, None, causes.checked_sub(1)?, most)
                })
                .collect::<Option<_>>()?,
            properties: exception
                .properties
                .into_iter()
                .take(MOST_PROPERTIES)
                .map(|(name, bytes)| Some((cut(name), value(bytes)?)))
                .collect::<Option<_>>()?,
            source: exception.source.and_then(self.source),
            ..Thrown::new(exception.name.map(cut), cut(exception.message))
        })
    }
}

/// Cuts a text of an error to the length that a guest's text may have here.
fn cut(mut text: String) -> String {
    const MOST: usize = 4 * 4096;
    if text.len() > MOST {
        let end = (0..=MOST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
    }
    text
}
