//! Reads a filter: AND, OR, NOT and parentheses, for filters and for lists of values alike. `operand` reads what they
//! join.
//!
//! The tree is in normal form (see `boolean`): which parentheses and which words for AND a filter was written with is
//! not kept. OR binds tighter than AND, and a blank or a new line is an AND like the word.

use super::ast::{Expr, Op, Span, Values};
use super::boolean::{Boolean, depth, normal};
use super::error::{FilterError, shown};
use super::lex::{Kind, Token, lex};

/// The longest filter that is read, in bytes; Cloud Logging itself stops at 20,000 characters.
const LONGEST: usize = 1 << 20;

/// How deep parentheses, NOTs and calls may nest, as written and as printed.
const DEEPEST: usize = 200;

/// The outcome of reading a part.
pub(super) type Read<T> = Result<T, FilterError>;

/// The tree of a filter. An empty one is `Everything`.
///
/// # Errors
///
/// What is wrong first, with its place.
pub fn parse(text: &str) -> Result<Expr, FilterError> {
    if text.len() > LONGEST {
        let message = format!("the filter has {} bytes; at most {LONGEST} are read", text.len());
        let hint = "Cloud Logging itself accepts 20,000 characters: split the filter";
        return Err(FilterError::new(text, Span::default(), message, Some(hint.to_owned())));
    }
    let mut parser = Parser { text, tokens: lex(text).tokens, next: 0, depth: 0 };
    if matches!(parser.kind(), Kind::End) {
        return Ok(Expr::Everything);
    }
    let expr: Expr = normal(parser.conjunction(())?);
    if !matches!(parser.kind(), Kind::End) {
        return Err(parser.unexpected());
    }
    if depth(&expr, false) > DEEPEST {
        return Err(parser.too_deep(Span { start: 0, end: 1 }));
    }
    Ok(expr)
}

/// What AND, OR and NOT join: filters, or values behind an operator.
pub(super) trait Branch: Boolean {
    /// What a leaf needs to know.
    type Context: Copy;
    /// Reads what is neither AND, OR, NOT nor a group.
    fn leaf(parser: &mut Parser<'_>, context: Self::Context) -> Read<Self>;
    /// Whether a `-` is a sign of the leaf, not a NOT.
    const MINUS_IS_A_SIGN: bool;
}

impl Branch for Expr {
    type Context = ();
    const MINUS_IS_A_SIGN: bool = false;

    fn leaf(parser: &mut Parser<'_>, (): ()) -> Read<Expr> {
        parser.restriction()
    }
}

impl Branch for Values {
    type Context = Op;
    const MINUS_IS_A_SIGN: bool = true;

    fn leaf(parser: &mut Parser<'_>, op: Op) -> Read<Values> {
        parser.value(op)
    }
}

/// A place in a filter that is being read.
pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser<'_> {
    /// Everything up to the end or a closing parenthesis.
    pub(super) fn conjunction<N: Branch>(&mut self, context: N::Context) -> Read<N> {
        let first = self.disjunction(context)?;
        let mut others = Vec::new();
        loop {
            match self.kind() {
                Kind::And => self.advance(),
                Kind::Word | Kind::Quoted | Kind::Open | Kind::Minus | Kind::Not => {}
                Kind::End | Kind::Close => break,
                Kind::Or | Kind::Op(_) | Kind::Comma | Kind::Bad(_) => return Err(self.unexpected()),
            }
            others.push(self.disjunction(context)?);
        }
        Ok(several(first, others, N::all))
    }

    fn disjunction<N: Branch>(&mut self, context: N::Context) -> Read<N> {
        let first = self.term(context)?;
        let mut others = Vec::new();
        while matches!(self.kind(), Kind::Or) {
            self.advance();
            others.push(self.term(context)?);
        }
        Ok(several(first, others, N::any))
    }

    fn term<N: Branch>(&mut self, context: N::Context) -> Read<N> {
        match self.kind() {
            Kind::Not => self.negation(context),
            Kind::Minus if !N::MINUS_IS_A_SIGN => {
                if !self.adjacent() {
                    let hint = "write `-x` or `NOT x`; to search for a hyphen write \"-\"";
                    return Err(self.error(self.span(), "`-` does not touch what it negates", Some(hint)));
                }
                self.negation(context)
            }
            Kind::Open => self.group(context),
            Kind::Word | Kind::Quoted | Kind::Minus => N::leaf(self, context),
            Kind::And | Kind::Or | Kind::Op(_) | Kind::Close | Kind::Comma | Kind::End | Kind::Bad(_) => {
                Err(self.unexpected())
            }
        }
    }

    fn negation<N: Branch>(&mut self, context: N::Context) -> Read<N> {
        self.enter()?;
        self.advance();
        let inner: N = self.term(context)?;
        self.depth -= 1;
        Ok(inner.negated())
    }

    /// `(`, what stands inside, `)`.
    pub(super) fn group<N: Branch>(&mut self, context: N::Context) -> Read<N> {
        self.enter()?;
        let open = self.span();
        self.advance();
        let inner = self.conjunction(context)?;
        self.close(open)?;
        self.depth -= 1;
        Ok(inner)
    }

    /// The `)` that belongs to a `(`.
    pub(super) fn close(&mut self, open: Span) -> Read<()> {
        match self.kind() {
            Kind::Close => {
                self.advance();
                Ok(())
            }
            Kind::End => Err(self.error(open, "this parenthesis is never closed", Some("add the missing `)`"))),
            _ => Err(self.unexpected()),
        }
    }

    /// One level deeper, for what starts here.
    pub(super) fn enter(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(self.too_deep(self.span())) } else { Ok(()) }
    }

    /// Back from a level.
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    fn too_deep(&self, span: Span) -> FilterError {
        let message = format!("the filter nests deeper than {DEEPEST} parentheses, NOTs and calls");
        FilterError::new(self.text, span, message, Some("remove needless parentheses, or split the filter".to_owned()))
    }

    /// The token to be read next.
    pub(super) fn kind(&self) -> &Kind {
        self.tokens.get(self.next).map_or(&Kind::End, |token| &token.kind)
    }

    /// The place of the token to be read next.
    pub(super) fn span(&self) -> Span {
        self.tokens.get(self.next).map_or_else(Span::default, |token| token.span)
    }

    /// The token after the one to be read next, if nothing stands between them.
    pub(super) fn touching(&self) -> Option<&Token> {
        self.tokens.get(self.next + 1).filter(|token| token.span.start == self.span().end)
    }

    fn adjacent(&self) -> bool {
        self.touching().is_some_and(|token| !matches!(token.kind, Kind::End))
    }

    /// The place of the token read last.
    pub(super) fn last(&self) -> Span {
        self.before().map_or_else(Span::default, |token| token.span)
    }

    fn before(&self) -> Option<&Token> {
        self.next.checked_sub(1).and_then(|last| self.tokens.get(last))
    }

    /// Whether nothing stands between the token read last and the next one.
    pub(super) fn touches_last(&self) -> bool {
        self.before().is_some_and(|last| last.span.end == self.span().start)
    }

    /// Goes on to the next token; the last one stays.
    pub(super) fn advance(&mut self) {
        if self.next + 1 < self.tokens.len() {
            self.next += 1;
        }
    }

    /// The text of a place.
    pub(super) fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// An error at a place.
    pub(super) fn error(&self, span: Span, message: impl Into<String>, hint: Option<&str>) -> FilterError {
        FilterError::new(self.text, span, message, hint.map(str::to_owned))
    }

    /// The next token cannot stand here.
    pub(super) fn unexpected(&self) -> FilterError {
        let span = self.span();
        let token = shown(self.slice(span));
        let quoted = format!("for the text write \"{token}\", in quotes");
        match self.kind() {
            Kind::Bad(problem) => FilterError::new(self.text, span, problem.message.clone(), problem.hint.clone()),
            Kind::And | Kind::Or => {
                self.error(span, format!("`{token}` has nothing on its left to join"), Some(&quoted))
            }
            Kind::Op(_) => {
                let hint = "on the left of an operator stands a field: resource.type=\"gcs_bucket\"";
                self.error(span, format!("`{token}` has no field on its left"), Some(hint))
            }
            Kind::Comma => {
                let hint = "join with AND or OR; a text with a comma stands in quotes";
                self.error(span, "a comma stands only between the arguments of a function", Some(hint))
            }
            Kind::End | Kind::Close => self.nothing_follows(),
            Kind::Word | Kind::Quoted | Kind::Open | Kind::Minus | Kind::Not => {
                self.error(span, format!("`{token}` cannot stand here"), None)
            }
        }
    }

    /// The filter or group ends too early, or a group that was never opened ends.
    fn nothing_follows(&self) -> FilterError {
        let last = self.last();
        let token = shown(self.slice(last));
        match self.before().map(|token| &token.kind) {
            Some(Kind::And | Kind::Or) => self.error(
                last,
                format!("`{token}` has nothing on its right to join"),
                Some("remove it, or add what it joins"),
            ),
            Some(Kind::Not | Kind::Minus) => {
                let hint = format!("to search for it write \"{token}\", in quotes");
                self.error(last, format!("`{token}` has nothing to negate"), Some(&hint))
            }
            Some(Kind::Op(_)) => self.missing_value(),
            Some(Kind::Open) if matches!(self.kind(), Kind::Close) => {
                let span = Span { start: last.start, end: self.span().end };
                self.error(
                    span,
                    "there is nothing between these parentheses",
                    Some("remove them; an empty filter selects every entry"),
                )
            }
            Some(Kind::Open) => self.error(last, "this parenthesis is never closed", Some("add the missing `)`")),
            Some(Kind::Word | Kind::Quoted | Kind::Close | Kind::Comma | Kind::End | Kind::Bad(_)) | None => {
                self.error(self.span(), "this parenthesis closes nothing", Some("remove it, or add the missing `(`"))
            }
        }
    }

    /// An operator without a right side was read last.
    pub(super) fn missing_value(&self) -> FilterError {
        let op = self.last();
        let message = format!("`{}` has no value on its right", self.slice(op));
        self.error(op, message, Some("for the empty text write \"\"; to ask whether a field is there write `field:*`"))
    }
}

/// One part, or several joined.
fn several<N>(first: N, mut others: Vec<N>, join: fn(Vec<N>) -> N) -> N {
    if others.is_empty() {
        return first;
    }
    others.insert(0, first);
    join(others)
}
