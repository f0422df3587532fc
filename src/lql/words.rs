//! A filter in words: the tree as Cloud Logging reads it, one part a line.

use super::ast::{Argument, Call, Comparison, Expr, Function, Literal, Op, Operand, Path, Values};
use super::print::print_line;

/// The filter in words, ending in a line break. Texts of the filter stand as they are; make them safe before showing them.
pub fn words(expr: &Expr) -> String {
    let mut out = String::new();
    say(expr, 0, &mut out);
    out
}

fn line(depth: usize, text: &str, out: &mut String) {
    out.push_str(&"  ".repeat(depth));
    out.push_str(text);
    out.push('\n');
}

fn say(expr: &Expr, depth: usize, out: &mut String) {
    match expr {
        Expr::Everything => line(depth, "every entry", out),
        Expr::And(parts) => group("all of:", parts, depth, out),
        Expr::Or(parts) => group("any of:", parts, depth, out),
        Expr::Not(part) => {
            line(depth, "not (entries without the field included):", out);
            say(part, depth + 1, out);
        }
        Expr::Global(literal) => {
            line(depth, &format!("any field contains {}, in any case", text(literal)), out);
        }
        Expr::Test(call) => line(depth, &test(call), out),
        Expr::Compare(comparison) => compare(comparison, depth, out),
    }
}

fn group(title: &str, parts: &[Expr], depth: usize, out: &mut String) {
    line(depth, title, out);
    for part in parts {
        say(part, depth + 1, out);
    }
}

fn compare(comparison: &Comparison, depth: usize, out: &mut String) {
    let left = match &comparison.left {
        Operand::Field(path) => name(path),
        Operand::Call(call) => print_line(&Expr::Test(call.clone())),
    };
    values(&left, comparison.op, &comparison.right, depth, out);
}

fn values(left: &str, op: Op, right: &Values, depth: usize, out: &mut String) {
    match right {
        Values::Present => line(depth, &format!("{left} is there"), out),
        Values::One(literal) => line(depth, &format!("{left} {} {}", verb(op), value(literal)), out),
        Values::All(parts) => list("all of:", left, op, parts, depth, out),
        Values::Any(parts) => list("any of:", left, op, parts, depth, out),
        Values::Not(part) => {
            line(depth, "not (entries without the field included):", out);
            values(left, op, part, depth + 1, out);
        }
    }
}

fn list(title: &str, left: &str, op: Op, parts: &[Values], depth: usize, out: &mut String) {
    line(depth, title, out);
    for part in parts {
        values(left, op, part, depth + 1, out);
    }
}

fn verb(op: Op) -> &'static str {
    match op {
        Op::Eq => "is, in any case,",
        Op::Ne => "is there and is not, in any case,",
        Op::Lt => "is less than",
        Op::Le => "is at most",
        Op::Gt => "is greater than",
        Op::Ge => "is at least",
        Op::Has => "contains, in any case,",
        Op::Matches => "matches somewhere, case mattering, the pattern",
        Op::NotMatches => "is there and nowhere matches, case mattering, the pattern",
    }
}

fn value(literal: &Literal) -> String {
    if !literal.quoted && literal.text == "NULL_VALUE" { "null".to_owned() } else { text(literal) }
}

fn text(literal: &Literal) -> String {
    format!("\"{}\"", literal.text)
}

fn name(path: &Path) -> String {
    path.segments.join(".")
}

fn test(call: &Call) -> String {
    let argument = |at: usize| match call.arguments.get(at) {
        Some(Argument::Field(path)) => name(path),
        Some(Argument::Value(literal)) => text(literal),
        Some(Argument::Call(_)) | None => String::new(),
    };
    let two = call.arguments.len() > 1;
    match call.function {
        Function::LogId => format!("the log is {}", argument(0)),
        Function::Source => format!("the log belongs to {} itself", argument(0)),
        Function::Sample => format!("a stable part of {} of the entries by {}", argument(1), argument(0)),
        Function::IpInNet => format!("{} is an address in {}", argument(0), argument(1)),
        Function::Search if two => format!("{} holds the words of {}", argument(0), argument(1)),
        Function::Search => format!("the entry holds the words of {}", argument(0)),
        Function::Cast | Function::RegexpExtract | Function::Timezone => print_line(&Expr::Test(call.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lql::parse;

    #[test]
    fn the_tree_is_told_as_it_binds() {
        let told = words(&parse("a.b=\"x\" AND c:y OR NOT log_id(\"z\")").expect("a filter"));
        let expected = "all of:\n  a.b is, in any case, \"x\"\n  any of:\n    c contains, in any case, \"y\"\n    not (entries \
                        without the field included):\n      the log is \"z\"\n";
        assert_eq!(told, expected);
    }
}
