//! A bound on the nesting of a TypeScript text, which is found without recursion.
//!
//! The parser and the walks over its tree recurse: into brackets, and along operators, members and statements without
//! braces. So the measure is not the depth of brackets alone. The measure counts all tokens from the start of a statement
//! or of an element of a list, in each bracket that is open, and a bracket for [`BRACKET`] tokens. No tree is deeper than
//! that sum. A count begins anew only where a statement or an element certainly ends.
//!
//! The parser also tries some texts as one thing, goes back, and reads the text again as another thing. Tries inside of tries
//! multiply the time. The parser has no hook that counts its steps: its trait of a source of tokens cannot be implemented by
//! others. So the measure counts the tries that can hold each token, and supposes that each reads its text twice. A try begins
//! at a token that the measure knows: `<`, `infer A extends`, `():`, `? ():`, `({`, `([`, `{[`, and `for (let of`.

use super::super::typescript::StripEffort;
use super::tokens::{Bracket, Fault, StripToken, TokenKind, Tokens};

/// The largest measure. A stack of `super::STACK` bytes has room for its recursion in builds without optimisation.
pub(super) const DEEPEST: u32 = 4_096;

/// The weight of a bracket that is open. So at most 512 brackets are inside of each other.
const BRACKET: u32 = 8;

/// Words that begin a statement behind a block on the line of the block.
const STARTS: [&str; 16] = [
    "async",
    "class",
    "const",
    "export",
    "for",
    "function",
    "if",
    "import",
    "interface",
    "let",
    "return",
    "switch",
    "throw",
    "try",
    "type",
    "var",
];

/// Words that go on with a statement of the line before.
const GOES_ON: [&str; 14] = [
    "as",
    "assert",
    "catch",
    "else",
    "extends",
    "finally",
    "from",
    "implements",
    "in",
    "instanceof",
    "is",
    "of",
    "satisfies",
    "while",
];

/// Words behind which no statement ends, because an operand, a name or a block follows.
const GOES_ON_BEHIND: [&str; 61] = [
    "abstract",
    "accessor",
    "as",
    "assert",
    "asserts",
    "async",
    "await",
    "case",
    "catch",
    "class",
    "const",
    "declare",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "finally",
    "for",
    "from",
    "function",
    "get",
    "global",
    "if",
    "implements",
    "import",
    "in",
    "infer",
    "instanceof",
    "interface",
    "is",
    "keyof",
    "let",
    "module",
    "namespace",
    "new",
    "of",
    "out",
    "override",
    "private",
    "protected",
    "public",
    "readonly",
    "return",
    "satisfies",
    "set",
    "static",
    "switch",
    "throw",
    "try",
    "type",
    "typeof",
    "unique",
    "using",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// Refuses a text that is nested more deeply than [`DEEPEST`]. The fault has its position, in bytes.
pub(super) fn check(text: &str) -> Result<StripEffort, (Fault, usize)> {
    let mut tokens = Tokens::new(text);
    let mut measure = NestingMeasure::default();
    loop {
        let start = tokens.position();
        match tokens.next() {
            Ok(Some(token)) => measure.add(token).map_err(|fault| (fault, start))?,
            Ok(None) => return Ok(measure.effort),
            Err(fault) => return Err((fault, tokens.position())),
        }
    }
}

/// The tokens of an open bracket, or of the top level.
#[derive(Clone, Copy, Default)]
struct Level {
    /// The tokens before the first comma of a statement. They can hold what stands behind the comma too.
    head: u32,
    /// The tokens since the start of the statement, or since the last comma.
    run: u32,
    has_comma: bool,
    /// How many `<` are open. The commas behind one can be those of types inside of each other.
    angles: u32,
    condition: Condition,
    /// How many tries of the parser hold the next token, of those that began in this level or with its bracket.
    tries: u32,
    /// The tries that began with the bracket.
    bracket_tries: u32,
    /// Whether the text is that behind `():`. The parser tries the text as the type of a result, which ends at an arrow or a body.
    is_result: bool,
    /// The words since the last `infer`. The parser tries the text behind the `extends` of `infer A extends`.
    infer: Infer,
    /// Whether the level is a round bracket that calls nothing.
    is_group: bool,
    is_curly: bool,
    /// Whether an open `<` holds the level, and no expression can be in it. The parser tries nothing behind a `<` in types.
    is_of_types: bool,
    colons: u32,
}

/// How much of `a ? (b) : c => d` came. The parser reads such a text as `a ? ((b): c => d)` first.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Condition {
    #[default]
    Nothing,
    Question,
    /// A colon behind a bracket.
    Colon,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Infer {
    #[default]
    Nothing,
    Keyword,
    Name,
}

#[derive(Default)]
struct NestingMeasure {
    levels: Vec<Level>,
    level: Level,
    /// The sum of all levels but the last.
    below: u32,
    /// The token that a statement that begins now would stand behind.
    end: End,
    last: Last,
    effort: StripEffort,
    /// The sums of all levels but the last.
    angles_below: u32,
    tries_below: u32,
}

/// The construct that the last token ends.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum End {
    #[default]
    Nothing,
    /// A statement, unless `else` follows.
    Statement,
    /// A block or an object.
    Block,
    /// An expression or a type.
    Operand,
}

/// The last token, as far as tries of the parser need it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Last {
    #[default]
    Other,
    /// A bracket of an expression.
    Close,
    /// A `>`, which can end the types of a call.
    Greater,
    /// `let`, `const` or `var`.
    Declaration,
    /// `async`.
    Async,
    Colon,
}

impl End {
    fn of(kind: TokenKind<'_>) -> Self {
        match kind {
            TokenKind::Semicolon => Self::Statement,
            TokenKind::CloseBlock => Self::Block,
            TokenKind::Word(word) if GOES_ON_BEHIND.contains(&word) => Self::Nothing,
            TokenKind::Word(_) | TokenKind::Member | TokenKind::Literal | TokenKind::Close => Self::Operand,
            _ => Self::Nothing,
        }
    }
}

impl Last {
    fn of(kind: TokenKind<'_>) -> Self {
        match kind {
            TokenKind::Close => Self::Close,
            TokenKind::Greater => Self::Greater,
            TokenKind::Word("let" | "const" | "var" | "using") => Self::Declaration,
            TokenKind::Word("async") => Self::Async,
            TokenKind::Colon => Self::Colon,
            _ => Self::Other,
        }
    }
}

impl Level {
    fn sum(self) -> u32 {
        self.head + self.run
    }

    /// A level of the same bracket without tokens.
    fn anew(self) -> Self {
        let Self { bracket_tries, is_group, is_curly, is_of_types, .. } = self;
        Self { tries: bracket_tries, bracket_tries, is_group, is_curly, is_of_types, ..Self::default() }
    }

    fn all_tries(self) -> u32 {
        self.tries + u32::from(self.is_result)
    }
}

impl NestingMeasure {
    fn add(&mut self, token: StripToken<'_>) -> Result<(), Fault> {
        if self.begins_statement(token) {
            self.level = self.level.anew();
        }
        self.level.run += 1;
        match token.kind {
            TokenKind::Open(bracket) => self.open(bracket),
            TokenKind::Close | TokenKind::CloseBlock | TokenKind::CloseCondition => self.close(),
            TokenKind::Between => self.level = self.level.anew(),
            TokenKind::Comma => self.comma(),
            TokenKind::Less { is_prefix } => self.less(is_prefix),
            TokenKind::Greater => self.level.angles = self.level.angles.saturating_sub(1),
            TokenKind::Question if self.level.condition == Condition::Nothing => {
                self.level.condition = Condition::Question;
            }
            TokenKind::Colon => self.colon(),
            TokenKind::Arrow => self.arrow(),
            TokenKind::Word(word) => self.word(word),
            // A default is an expression.
            TokenKind::Operator => self.level.is_of_types = false,
            _ => {}
        }
        self.last = Last::of(token.kind);
        self.end = End::of(token.kind);
        self.count_again();
        if self.below + self.level.sum() > DEEPEST {
            Err(Fault::TooDeep)
        } else if !self.effort.is_bounded() {
            Err(Fault::TooSlow)
        } else {
            Ok(())
        }
    }

    /// Type parameters of an arrow function, which is tried with its body. `async<` is tried in three ways.
    fn less(&mut self, is_prefix: bool) {
        self.level.angles += 1;
        self.level.tries += match self.last {
            Last::Async => 2,
            _ => u32::from(is_prefix),
        };
    }

    fn colon(&mut self) {
        self.level.colons += 1;
        if self.last == Last::Close {
            self.level.is_result = true;
            if self.level.condition == Condition::Question {
                self.level.condition = Condition::Colon;
            }
        }
    }

    /// The body of an arrow function is tried only in a condition.
    fn arrow(&mut self) {
        self.level.is_result = false;
        self.level.tries += u32::from(self.level.condition == Condition::Colon);
    }

    fn word(&mut self, word: &str) {
        let infer = std::mem::take(&mut self.level.infer);
        match word {
            "extends" if infer == Infer::Name => self.level.tries += 1,
            _ if infer == Infer::Keyword => self.level.infer = Infer::Name,
            "infer" => self.level.infer = Infer::Keyword,
            // `for (let of a)`: the parser looks whether the declaration has no name.
            "of" | "in" => self.level.tries += u32::from(self.last == Last::Declaration),
            _ => {}
        }
    }

    /// The tries that a bracket begins for the text inside.
    ///
    /// - `f<T>(…)` and the same with a template can be comparisons.
    /// - Brackets behind an open `<` can be of types, or not. The parser asks up to 8 times.
    /// - `{[…]: …` can be a name in a pattern.
    /// - `({…` and `([…` can be parameters of the type of a function, or a type, or an expression.
    fn tries_inside(&self, bracket: Bracket) -> u32 {
        let can_be_call = matches!(bracket, Bracket::Round { .. } | Bracket::Template);
        let behind_less = if self.level.angles > 0 && !self.level.is_of_types { 3 } else { 0 };
        u32::from(can_be_call && self.last == Last::Greater)
            + behind_less
            + u32::from(self.can_be_pattern(bracket) || self.can_be_name(bracket))
    }

    fn can_be_name(&self, bracket: Bracket) -> bool {
        self.level.is_curly && bracket == Bracket::Square && self.last != Last::Colon
    }

    fn can_be_pattern(&self, bracket: Bracket) -> bool {
        self.level.is_group && matches!(bracket, Bracket::Curly | Bracket::Square)
    }

    /// The parser tries the text behind each open `<` as types first, and compares each label with those around it.
    fn count_again(&mut self) {
        let angles = u64::from(self.angles_below + self.level.angles);
        let tried = (1 << (self.tries_below + self.level.all_tries()).min(32)) - 1;
        let labels = u64::from(self.level.colons.saturating_sub(8));
        self.effort.tokens += 1;
        self.effort.again += angles + tried + labels;
    }

    fn begins_statement(&self, token: StripToken<'_>) -> bool {
        match (self.end, token.kind) {
            (End::Statement, kind) => kind != TokenKind::Word("else"),
            (End::Block, TokenKind::Word(word)) if STARTS.contains(&word) => true,
            (End::Block | End::Operand, TokenKind::Word(word)) => {
                token.is_on_new_line && !GOES_ON.contains(&word)
            }
            _ => false,
        }
    }

    fn open(&mut self, bracket: Bracket) {
        let is_behind_operand = matches!(self.end, End::Operand | End::Block) || self.last == Last::Greater;
        if bracket == Bracket::Curly && is_behind_operand {
            // The body of a function, behind the type of its result.
            self.level.is_result = false;
        }
        let tries = self.tries_inside(bracket);
        let is_group = matches!(bracket, Bracket::Round { .. }) && !is_behind_operand;
        self.level.run += BRACKET;
        self.below += self.level.sum();
        self.angles_below += self.level.angles;
        self.tries_below += self.level.all_tries();
        self.levels.push(self.level);
        let is_curly = bracket == Bracket::Curly;
        // Patterns have defaults, and a name in square brackets is an expression.
        let can_be_expression = self.can_be_pattern(bracket) || self.can_be_name(bracket);
        let is_of_types = (self.level.angles > 0 || self.level.is_of_types) && !can_be_expression;
        self.level =
            Level { is_group, is_curly, is_of_types, bracket_tries: tries, ..Level::default() }.anew();
    }

    fn close(&mut self) {
        self.level = self.levels.pop().unwrap_or_default();
        self.below -= self.level.sum();
        self.angles_below -= self.level.angles;
        self.tries_below -= self.level.all_tries();
        self.level.run = self.level.run.saturating_sub(BRACKET);
    }

    fn comma(&mut self) {
        let Level { run, has_comma, angles, .. } = self.level;
        if angles > 0 {
            return;
        }
        if !has_comma {
            self.level.head = run;
        }
        (self.level.run, self.level.has_comma) = (0, true);
        (self.level.condition, self.level.colons) = (Condition::Nothing, 0);
        (self.level.is_result, self.level.tries) = (false, self.level.bracket_tries);
    }
}
