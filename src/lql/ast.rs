//! The tree of a filter in the Logging query language, with the place of each part in the text.
//!
//! Two trees are equal when they mean the same parts in the same order; places do not count.

/// A place in the text of a filter: byte offsets, end exclusive.
#[derive(Debug, Clone, Copy, Default, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// First byte after.
    pub end: usize,
}

impl PartialEq for Span {
    /// Places never make two trees differ.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A filter, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// The empty filter: every entry.
    Everything,
    /// All of them; at least two.
    And(Vec<Expr>),
    /// Any of them; at least two. Binds tighter than `And`.
    Or(Vec<Expr>),
    /// Not that. Binds tightest.
    Not(Box<Expr>),
    /// A field or a computed value compared with something.
    Compare(Comparison),
    /// A word or text that any field may hold.
    Global(Literal),
    /// A function that is true or false by itself: `log_id`, `source`, `sample`, `ip_in_net`, `SEARCH`.
    Test(Call),
}

/// `left op right`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What is compared.
    pub left: Operand,
    /// How.
    pub op: Op,
    /// With what.
    pub right: Values,
    /// Where it stands.
    pub span: Span,
}

/// The left side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A field of the entry.
    Field(Path),
    /// `cast` or `regexp_extract`.
    Call(Call),
}

/// A field: `protoPayload.metadata."@type"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The names from the root on, unquoted and unescaped; at least one.
    pub segments: Vec<String>,
    /// Where it stands.
    pub span: Span,
}

/// How two things are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `:`
    Has,
    /// `=~`
    Matches,
    /// `!~`
    NotMatches,
}

/// The right side of a comparison. A list applies field and operator to each of its leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// One value.
    One(Literal),
    /// `:*`: the field is there.
    Present,
    /// `(a AND b …)`
    All(Vec<Values>),
    /// `(a OR b …)`
    Any(Vec<Values>),
    /// `(NOT a)`
    Not(Box<Values>),
}

/// A text, number or word as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// The text without quotes. Escapes are decoded; the right side of `=~` and `!~` and the pattern of `regexp_extract` keep
    /// every escape but `\"` and `\\`.
    pub text: String,
    /// Whether it stood in quotes: an unquoted `NULL_VALUE` is the null value, a quoted one a text.
    pub quoted: bool,
    /// Where it stands.
    pub span: Span,
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Which function.
    pub function: Function,
    /// What it is given.
    pub arguments: Vec<Argument>,
    /// Where it stands.
    pub span: Span,
}

/// The functions. Their names are accepted in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// `log_id("X")`
    LogId,
    /// `source(projects/P)`
    Source,
    /// `sample(field, 0.1)`
    Sample,
    /// `ip_in_net(field, "cidr")`
    IpInNet,
    /// `SEARCH([field,] "tokens")`
    Search,
    /// `cast(field, TYPE[, TIMEZONE("tz")])`
    Cast,
    /// `regexp_extract(field, "re")`
    RegexpExtract,
    /// `TIMEZONE("tz")`, inside `cast`.
    Timezone,
}

/// An argument of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A field.
    Field(Path),
    /// A value.
    Value(Literal),
    /// Another call.
    Call(Call),
}
