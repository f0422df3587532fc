//! Small words from which the trees of filters are put together. Printing is left to the caller.
//!
//! What they build is a tree that reading a filter can give: lists are flat, and a list of one is that one.

use crate::lql::ast::{Argument, Call, Comparison, Expr, Function, Literal, Op, Operand, Path, Span, Values};

/// A field that is about to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath(Path);

/// The field with a dotted path: `resource.labels.project_id`. Names that hold a dot cannot be written this way.
pub fn field(dotted: &str) -> FieldPath {
    FieldPath(Path { segments: dotted.split('.').map(str::to_owned).collect(), span: Span::default() })
}

impl FieldPath {
    /// The field has this text, in any case.
    pub fn eq(self, text: &str) -> Expr {
        self.compared(Op::Eq, Values::One(quoted(text)))
    }

    /// The field is there and has another text.
    pub fn ne(self, text: &str) -> Expr {
        self.compared(Op::Ne, Values::One(quoted(text)))
    }

    /// The field has this number or truth value.
    pub fn is(self, word: &str) -> Expr {
        self.compared(Op::Eq, Values::One(Literal { text: word.to_owned(), quoted: false, span: Span::default() }))
    }

    /// The field has a number above this one.
    pub fn above(self, number: u32) -> Expr {
        let number = Literal { text: number.to_string(), quoted: false, span: Span::default() };
        self.compared(Op::Gt, Values::One(number))
    }

    /// The field has one of these texts, of which there is at least one.
    pub fn one_of<'t>(self, texts: impl IntoIterator<Item = &'t str>) -> Expr {
        self.any_of(Op::Eq, texts)
    }

    /// The field compares so with one of these texts, of which there is at least one.
    pub fn any_of<'t>(self, op: Op, texts: impl IntoIterator<Item = &'t str>) -> Expr {
        let mut values: Vec<Values> = texts.into_iter().map(|text| Values::One(quoted(text))).collect();
        let right = if values.len() == 1 { values.remove(0) } else { Values::Any(values) };
        self.compared(op, right)
    }

    /// The text is a part of the field's.
    pub fn has(self, text: &str) -> Expr {
        self.compared(Op::Has, Values::One(quoted(text)))
    }

    /// The regular expression matches somewhere in the field's text; it heeds case.
    pub fn matches(self, pattern: &str) -> Expr {
        self.compared(Op::Matches, Values::One(quoted(pattern)))
    }

    /// The field is missing or holds an empty text.
    pub fn empty(self) -> Expr {
        not(self.ne(""))
    }

    /// The field is there.
    pub fn present(self) -> Expr {
        self.compared(Op::Has, Values::Present)
    }

    fn compared(self, op: Op, right: Values) -> Expr {
        Expr::Compare(Comparison { left: Operand::Field(self.0), op, right, span: Span::default() })
    }
}

fn quoted(text: &str) -> Literal {
    Literal { text: text.to_owned(), quoted: true, span: Span::default() }
}

/// The entry is of the log with this id, which is written with a plain slash.
pub fn log_id(id: &str) -> Expr {
    let arguments = vec![Argument::Value(quoted(id))];
    Expr::Test(Call { function: Function::LogId, arguments, span: Span::default() })
}

/// The entry is of a log that this project, folder, organisation or billing account holds: `projects/P`.
pub fn source(container: &str) -> Expr {
    let arguments = vec![Argument::Value(quoted(container))];
    Expr::Test(Call { function: Function::Source, arguments, span: Span::default() })
}

/// All of them; every entry if there are none.
pub fn all(parts: impl IntoIterator<Item = Expr>) -> Expr {
    let mut flat = Vec::new();
    for part in parts {
        match part {
            Expr::And(inner) => flat.extend(inner),
            Expr::Everything => {}
            other => flat.push(other),
        }
    }
    match flat.len() {
        0 => Expr::Everything,
        1 => flat.remove(0),
        _ => Expr::And(flat),
    }
}

/// Any of them; no entry if there are none.
pub fn any(parts: impl IntoIterator<Item = Expr>) -> Expr {
    let mut flat = Vec::new();
    for part in parts {
        match part {
            Expr::Or(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    match flat.len() {
        0 => not(Expr::Everything),
        1 => flat.remove(0),
        _ => Expr::Or(flat),
    }
}

/// Not that. What is not comparable, because the field is missing, is selected.
pub fn not(part: Expr) -> Expr {
    match part {
        Expr::Not(inner) => *inner,
        other => Expr::Not(Box::new(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_flat_and_a_list_of_one_is_that_one() {
        let part = |name: &str| field(name).present();
        assert_eq!(all([part("a")]), part("a"));
        assert_eq!(any([part("a")]), part("a"));
        assert_eq!(all([]), Expr::Everything);
        assert_eq!(
            all([part("a"), all([part("b"), part("c")]), Expr::Everything]),
            all([part("a"), part("b"), part("c")])
        );
        assert_eq!(any([any([part("a"), part("b")]), part("c")]), any([part("a"), part("b"), part("c")]));
        assert_eq!(not(not(part("a"))), part("a"));
        assert_eq!(field("a.b").one_of(["x"]), field("a.b").eq("x"));
    }
}
