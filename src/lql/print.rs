//! Writes a tree as a filter in canonical form, which reads back as the same tree.
//!
//! AND is always written; an OR inside of an AND stands in parentheses although it binds tighter; functions have one
//! spelling. A quoted literal stays quoted and an unquoted one unquoted, unless it could not be read back.

use super::ast::{Argument, Call, Comparison, Expr, Function, Literal, Op, Operand, Path, Values};
use super::boolean::{Boolean, Shape};
use super::escape::{Use, quote};
use super::function::Slot;
use super::lex::{Kind, Token, lex};

/// What is longer is broken into lines.
const WIDTH: usize = 100;

/// No line is indented more.
const INDENT: usize = 40;

/// The filter, one clause a line. `Everything` is the empty text.
///
/// It reads back as the same tree if the tree is one that `parse` can give: lists are flat and have two members or more,
/// and `Everything` stands alone. Other trees are printed with the same meaning.
pub fn print(expr: &Expr) -> String {
    let mut out = String::new();
    for (index, clause) in clauses(expr).iter().enumerate() {
        if index > 0 {
            out.push_str(joint(expr));
            out.push('\n');
        }
        out.push_str(&print_clause(expr, clause));
    }
    out
}

/// The filter on one line, unless a pattern holds a line break.
pub fn print_line(expr: &Expr) -> String {
    if let Expr::Everything = expr { String::new() } else { flat(expr, (), false) }
}

/// The parts of a filter that have lines of their own.
pub(super) fn clauses(expr: &Expr) -> &[Expr] {
    match expr {
        Expr::Everything => &[],
        Expr::And(members) | Expr::Or(members) if members.len() > 1 => members,
        expr => std::slice::from_ref(expr),
    }
}

/// What joins the clauses of a filter.
pub(super) fn joint(expr: &Expr) -> &'static str {
    if let Expr::Or(_) = expr { " OR" } else { " AND" }
}

/// One of the clauses of a filter.
pub(super) fn print_clause(expr: &Expr, clause: &Expr) -> String {
    let mut out = String::new();
    block(clause, (), clauses(expr).len() > 1, 0, &mut out);
    out
}

/// A tree that can be written.
trait Written: Boolean {
    /// What a leaf needs to know.
    type Context: Copy;
    /// What is always true: the language has no word for it.
    const TRUE: &'static str;
    /// A leaf on one line.
    fn leaf(&self, context: Self::Context, out: &mut String);
    /// A leaf that is too long for a line.
    fn leaf_block(&self, context: Self::Context, indent: usize, out: &mut String);
}

/// A part on one line; `grouped` says whether an AND or OR needs parentheses.
fn flat<N: Written>(node: &N, context: N::Context, grouped: bool) -> String {
    let mut out = String::new();
    line(node, context, grouped, &mut out);
    out
}

fn line<N: Written>(node: &N, context: N::Context, grouped: bool, out: &mut String) {
    match node.shape() {
        Shape::All(members) => line_of(members, " AND ", "", context, grouped, out),
        Shape::Any(members) => line_of(members, " OR ", "NOT ", context, grouped, out),
        Shape::Not(inner) => {
            out.push_str("NOT ");
            line(inner, context, true, out);
        }
        Shape::Leaf => node.leaf(context, out),
    }
}

fn line_of<N: Written>(
    members: &[N],
    joint: &str,
    of_none: &str,
    context: N::Context,
    grouped: bool,
    out: &mut String,
) {
    match members {
        [] => out.extend([of_none, N::TRUE]),
        [only] => line(only, context, grouped, out),
        members => {
            out.push_str(if grouped { "(" } else { "" });
            for (index, member) in members.iter().enumerate() {
                out.push_str(if index > 0 { joint } else { "" });
                line(member, context, true, out);
            }
            out.push_str(if grouped { ")" } else { "" });
        }
    }
}

/// A part on one line if it fits, else over several.
fn block<N: Written>(node: &N, context: N::Context, grouped: bool, indent: usize, out: &mut String) {
    let line = flat(node, context, grouped);
    if indent.min(INDENT) + line.chars().count() <= WIDTH {
        out.push_str(&line);
        return;
    }
    match node.shape() {
        Shape::All(members) if members.len() > 1 => block_of(members, " AND", context, indent, out),
        Shape::Any(members) if members.len() > 1 => block_of(members, " OR", context, indent, out),
        Shape::All(_) | Shape::Any(_) => out.push_str(&line),
        Shape::Not(inner) => {
            out.push_str("NOT ");
            block(inner, context, true, indent, out);
        }
        Shape::Leaf => node.leaf_block(context, indent, out),
    }
}

fn block_of<N: Written>(members: &[N], joint: &str, context: N::Context, indent: usize, out: &mut String) {
    out.push('(');
    for (index, member) in members.iter().enumerate() {
        out.push_str(if index > 0 { joint } else { "" });
        new_line(indent + 2, out);
        block(member, context, true, indent + 2, out);
    }
    new_line(indent, out);
    out.push(')');
}

fn new_line(indent: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent.min(INDENT)));
}

impl Written for Expr {
    type Context = ();
    /// An unset `insertId` is the empty text.
    const TRUE: &'static str = "insertId>=\"\"";

    fn leaf(&self, (): (), out: &mut String) {
        match self {
            Expr::Compare(Comparison { left, op, right, .. }) => {
                compared(left, *op, out);
                match right {
                    Values::One(_) | Values::Present => right.leaf(*op, out),
                    list @ (Values::All(_) | Values::Any(_) | Values::Not(_)) => {
                        out.extend(["(", &flat(list, *op, false), ")"]);
                    }
                }
            }
            Expr::Global(word) => out.push_str(&literal(word, Use::Plain, false)),
            Expr::Test(test) => call(test, out),
            Expr::Everything | Expr::And(_) | Expr::Or(_) | Expr::Not(_) => out.push_str(Expr::TRUE),
        }
    }

    fn leaf_block(&self, (): (), indent: usize, out: &mut String) {
        match self {
            Expr::Compare(Comparison { left, op, right: list @ (Values::All(_) | Values::Any(_)), .. }) => {
                compared(left, *op, out);
                block(list, *op, true, indent, out);
            }
            leaf => leaf.leaf((), out),
        }
    }
}

impl Written for Values {
    type Context = Op;
    const TRUE: &'static str = "(\"\" OR NOT \"\")";

    fn leaf(&self, op: Op, out: &mut String) {
        match self {
            Values::One(value) => {
                let written = literal(value, op.operand_use(), true);
                // `f=~x` would be another operator.
                out.extend([if written.starts_with('~') { " " } else { "" }, &written]);
            }
            Values::Present | Values::All(_) | Values::Any(_) | Values::Not(_) => out.push('*'),
        }
    }

    fn leaf_block(&self, op: Op, _: usize, out: &mut String) {
        self.leaf(op, out);
    }
}

/// The left side and the operator.
fn compared(left: &Operand, op: Op, out: &mut String) {
    match left {
        Operand::Field(field) => path(field, out),
        Operand::Call(inner) => call(inner, out),
    }
    out.push_str(op.symbol());
}

fn path(path: &Path, out: &mut String) {
    for (index, segment) in path.segments.iter().enumerate() {
        out.push_str(if index > 0 { "." } else { "" });
        if is_name(segment) { out.push_str(segment) } else { out.push_str(&quote(segment, Use::Plain)) }
    }
}

/// Whether a name in a path needs no quotes.
fn is_name(segment: &str) -> bool {
    let mut characters = segment.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || matches!(first, '_' | '@'))
        && characters.all(|it| it.is_ascii_alphanumeric() || matches!(it, '_' | '@' | '-'))
        && !matches!(segment, "AND" | "OR" | "NOT")
}

fn call(written: &Call, out: &mut String) {
    out.extend([written.function.name(), "("]);
    let slots = written.function.signature().slots;
    for (index, argument) in written.arguments.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        match argument {
            Argument::Field(field) => path(field, out),
            Argument::Call(inner) => call(inner, out),
            Argument::Value(value) => {
                let purpose = if let Some(Slot::Value(purpose)) = slots.get(index) { *purpose } else { Use::Plain };
                let signed = index > 0 || written.function != Function::Search;
                out.push_str(&literal(value, purpose, signed));
            }
        }
    }
    out.push(')');
}

/// A literal; `signed` says whether an unquoted one may start with `-` at its place.
fn literal(literal: &Literal, purpose: Use, signed: bool) -> String {
    let text = &literal.text;
    if !literal.quoted && is_word(text, signed) { text.clone() } else { quote(text, purpose) }
}

/// Whether a text without quotes reads back as one literal.
fn is_word(text: &str, signed: bool) -> bool {
    match lex(text).tokens.as_slice() {
        [Token { kind: Kind::Word, span }, _] => span.start == 0 && span.end == text.len() && text != "*",
        [Token { kind: Kind::Minus, span: minus }, Token { kind: Kind::Word, span: word }, _] => {
            signed && minus.start == 0 && minus.end == word.start && word.end == text.len()
        }
        _ => false,
    }
}
