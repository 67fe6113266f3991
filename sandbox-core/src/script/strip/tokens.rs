//! The tokens of a TypeScript text, as far as brackets and the ends of statements need them.
//!
//! The parser that strips types has no bound on its recursion, so `nesting` measures a text before the parser sees it. The
//! measure is right only if both read the same tokens. A text that could be read in two ways is refused ([`Fault`]): a slash
//! behind `}`, behind the condition of an `if`, or at the start of a line. A parser alone knows which slash begins a regular
//! expression there.

use crate::script::lines::is_line_end;

/// Why a text is not given to the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A slash that a parser alone can tell from the start of a regular expression.
    Slash,
    /// A string, a template, a comment or a regular expression without its end.
    Unfinished,
    /// A bracket that closes none, or one of another kind.
    Bracket,
    /// A comment of HTML, or a mark of a merge.
    Mark,
    /// A decorator.
    Decorator,
    /// The text is nested too deeply, or one statement is too long.
    TooDeep,
    /// Too many texts that the parser can read again are inside of each other.
    TooSlow,
}

/// The role of the next token for brackets and for the ends of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind<'s> {
    Word(&'s str),
    /// A word behind a dot, and a private name.
    Member,
    /// A string, a number, a regular expression, or a template without a substitution.
    Literal,
    Open(Bracket),
    /// The end of an expression, as a bracket or a template.
    Close,
    /// The end of a block or of an object.
    CloseBlock,
    /// The end of the condition of an `if` or a loop.
    CloseCondition,
    /// The end of one substitution of a template, and the start of the next.
    Between,
    Semicolon,
    Comma,
    /// `is_prefix` says that no operand stands before: type parameters of an arrow function begin.
    Less {
        is_prefix: bool,
    },
    Greater,
    /// The question mark of a condition.
    Question,
    Colon,
    Arrow,
    Operator,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct StripToken<'s> {
    pub(super) kind: TokenKind<'s>,
    /// Whether a line ended before the token.
    pub(super) is_on_new_line: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bracket {
    Round { is_condition: bool },
    Square,
    Curly,
    Template,
}

/// The meaning of a slash behind a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A regular expression begins.
    Operator,
    /// The slash divides, if it is on the line of the operand.
    Operand,
    /// A word behind it is the name of a member.
    Dot,
    Unknown,
}

/// Words behind which an expression begins.
const OPERATORS: [&str; 14] = [
    "case",
    "default",
    "delete",
    "do",
    "else",
    "extends",
    "in",
    "instanceof",
    "new",
    "return",
    "satisfies",
    "throw",
    "typeof",
    "void",
];

/// The longest escape of a character that is read, in bytes. The braces of a longer one are brackets, which close each other.
const ESCAPE: usize = 16;

pub(super) struct Tokens<'s> {
    text: &'s str,
    at: usize,
    brackets: Vec<Bracket>,
    before: Before,
    /// Whether the token before is a word whose round brackets hold a condition.
    is_conditional: bool,
    is_on_new_line: bool,
}

impl<'s> Tokens<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        let mut tokens = Self {
            text,
            at: 0,
            brackets: Vec::new(),
            before: Before::Operator,
            is_conditional: false,
            is_on_new_line: true,
        };
        if text.starts_with("#!") {
            tokens.skip_line();
        }
        tokens
    }

    /// The position of the next token, or of the fault, in bytes.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'s str {
        &self.text[self.at..]
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find(is_line_end).unwrap_or(self.rest().len());
    }

    /// Skips what stands between tokens.
    fn skip_space(&mut self) -> Result<(), Fault> {
        self.is_on_new_line = self.at == 0;
        loop {
            let rest = self.rest();
            if rest.starts_with("//") {
                self.skip_line();
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let length = comment.find("*/").ok_or(Fault::Unfinished)?;
                self.is_on_new_line |= comment[..length].contains(is_line_end);
                self.at += length + 4;
            } else if rest.starts_with("<!--") || self.is_on_new_line && rest.starts_with("-->") {
                return Err(Fault::Mark);
            } else {
                match rest.chars().next() {
                    Some(space) if is_line_end(space) || is_space(space) => {
                        self.is_on_new_line |= is_line_end(space);
                        self.at += space.len_utf8();
                    }
                    _ => break,
                }
            }
        }
        // The parser skips the line of such a mark, and goes on.
        let is_mark = |mark| self.rest().starts_with(mark);
        let is_mark =
            self.is_on_new_line && ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].into_iter().any(is_mark);
        if is_mark { Err(Fault::Mark) } else { Ok(()) }
    }

    /// The next token; `None` at the end of the text.
    pub(super) fn next(&mut self) -> Result<Option<StripToken<'s>>, Fault> {
        self.skip_space()?;
        let is_on_new_line = self.is_on_new_line;
        let Some(first) = self.rest().chars().next() else { return Ok(None) };
        let is_conditional = std::mem::take(&mut self.is_conditional);
        let kind = match first {
            '(' => self.open(Bracket::Round { is_condition: is_conditional }, 1),
            '[' => self.open(Bracket::Square, 1),
            '{' => self.open(Bracket::Curly, 1),
            ')' | ']' => self.close(first)?,
            '}' if self.brackets.last() == Some(&Bracket::Template) => {
                self.at += 1;
                self.template()?
            }
            '}' => self.close(first)?,
            '`' => {
                self.at += 1;
                self.brackets.push(Bracket::Template);
                match self.template()? {
                    TokenKind::Between => TokenKind::Open(Bracket::Template),
                    _ => TokenKind::Literal,
                }
            }
            '\'' | '"' => self.string(first)?,
            '/' => self.slash()?,
            '@' => return Err(Fault::Decorator),
            '0'..='9' => self.number(),
            _ if is_of_word(first) => self.word(is_conditional),
            _ => self.operator(first),
        };
        Ok(Some(StripToken { kind, is_on_new_line }))
    }

    fn open(&mut self, bracket: Bracket, length: usize) -> TokenKind<'s> {
        self.at += length;
        self.brackets.push(bracket);
        self.before = Before::Operator;
        TokenKind::Open(bracket)
    }

    fn close(&mut self, bracket: char) -> Result<TokenKind<'s>, Fault> {
        let is_condition = match (self.brackets.pop(), bracket) {
            (Some(Bracket::Round { is_condition }), ')') => is_condition,
            (Some(Bracket::Square), ']') | (Some(Bracket::Curly), '}') => false,
            _ => return Err(Fault::Bracket),
        };
        self.at += 1;
        self.before = if is_condition || bracket == '}' { Before::Unknown } else { Before::Operand };
        Ok(match bracket {
            '}' => TokenKind::CloseBlock,
            _ if is_condition => TokenKind::CloseCondition,
            _ => TokenKind::Close,
        })
    }

    /// The text of a template, to its end or to a substitution.
    fn template(&mut self) -> Result<TokenKind<'s>, Fault> {
        let mut bytes = self.rest().bytes().enumerate();
        while let Some((index, byte)) = bytes.next() {
            match byte {
                b'\\' => _ = bytes.next(),
                b'`' => {
                    self.at += index + 1;
                    self.brackets.pop();
                    self.before = Before::Operand;
                    return Ok(TokenKind::Close);
                }
                b'$' if self.rest()[index..].starts_with("${") => {
                    self.at += index + 2;
                    self.before = Before::Operator;
                    return Ok(TokenKind::Between);
                }
                _ => {}
            }
        }
        Err(Fault::Unfinished)
    }

    fn string(&mut self, quote: char) -> Result<TokenKind<'s>, Fault> {
        let mut bytes = self.rest().bytes().enumerate().skip(1);
        while let Some((index, byte)) = bytes.next() {
            match byte {
                // A carriage return and a line feed behind a backslash are one line's end.
                b'\\' if self.rest()[index + 1..].starts_with("\r\n") => _ = bytes.nth(1),
                b'\\' => _ = bytes.next(),
                b'\n' | b'\r' => break,
                _ if byte == quote as u8 => {
                    self.at += index + 1;
                    self.before = Before::Operand;
                    return Ok(TokenKind::Literal);
                }
                _ => {}
            }
        }
        Err(Fault::Unfinished)
    }

    fn slash(&mut self) -> Result<TokenKind<'s>, Fault> {
        match self.before {
            Before::Operator => self.regular_expression(),
            Before::Operand if !self.is_on_new_line => Ok(self.operator('/')),
            Before::Operand | Before::Dot | Before::Unknown => Err(Fault::Slash),
        }
    }

    fn regular_expression(&mut self) -> Result<TokenKind<'s>, Fault> {
        let mut is_in_class = false;
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((index, character)) = characters.next() {
            match character {
                '\\' if characters.next().is_some_and(|(_, escaped)| !is_line_end(escaped)) => {}
                '\\' => break,
                '[' => is_in_class = true,
                ']' => is_in_class = false,
                '/' if !is_in_class => {
                    self.at += index + 1;
                    self.at += self.rest().find(|flag| !is_of_word(flag)).unwrap_or(self.rest().len());
                    self.before = Before::Operand;
                    return Ok(TokenKind::Literal);
                }
                _ if is_line_end(character) => break,
                _ => {}
            }
        }
        Err(Fault::Unfinished)
    }

    fn number(&mut self) -> TokenKind<'s> {
        let ends = |character| !(is_of_word(character) || character == '.');
        self.at += self.rest().find(ends).unwrap_or(self.rest().len());
        self.before = Before::Operand;
        TokenKind::Literal
    }

    fn word(&mut self, is_behind_for: bool) -> TokenKind<'s> {
        let start = self.at;
        loop {
            self.at += self.rest().find(|character| !is_of_word(character)).unwrap_or(self.rest().len());
            let is_escape = self.rest().starts_with('{') && self.text[start..self.at].ends_with("\\u");
            // The braces of an escape are a part of the word.
            match self.rest().bytes().take(ESCAPE).position(|byte| byte == b'}').filter(|_| is_escape) {
                Some(end) => self.at += end + 1,
                None => break,
            }
        }
        let word = &self.text[start..self.at];
        if self.before == Before::Dot {
            self.before = Before::Operand;
            return TokenKind::Member;
        }
        self.is_conditional =
            matches!(word, "if" | "while" | "for" | "with") || word == "await" && is_behind_for;
        self.before = match word {
            _ if OPERATORS.contains(&word) => Before::Operator,
            "of" | "yield" | "await" | "as" => Before::Unknown,
            _ if word.contains('\\') => Before::Unknown,
            _ => Before::Operand,
        };
        TokenKind::Word(word)
    }

    fn operator(&mut self, first: char) -> TokenKind<'s> {
        let is_operand = self.before == Before::Operand;
        let is_behind_operand = matches!(self.before, Before::Operand | Before::Unknown);
        let rest = self.rest();
        let (length, before) = match first {
            '.' if rest.starts_with("...") => (3, Before::Operator),
            '.' | '#' => (1, Before::Dot),
            '=' if rest.starts_with("=>") => (2, Before::Operator),
            '+' | '-' if rest[1..].starts_with(first) => {
                (2, if is_behind_operand { Before::Unknown } else { Before::Operator })
            }
            '!' if is_behind_operand && !rest.starts_with("!=") => (1, Before::Unknown),
            '>' => (1, Before::Unknown),
            _ => (first.len_utf8(), Before::Operator),
        };
        self.at += length;
        self.before = before;
        match first {
            ';' => TokenKind::Semicolon,
            ',' => TokenKind::Comma,
            '<' => TokenKind::Less { is_prefix: !is_operand },
            '>' => TokenKind::Greater,
            '?' if !rest[1..].starts_with([':', '.', '?']) => TokenKind::Question,
            ':' => TokenKind::Colon,
            '=' if length == 2 => TokenKind::Arrow,
            _ => TokenKind::Operator,
        }
    }
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

/// Whether a character is of a word. A character that no word has is an error of the parser.
fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character, '_' | '$' | '\\')
        || !character.is_ascii() && !is_space(character) && !is_line_end(character)
}
