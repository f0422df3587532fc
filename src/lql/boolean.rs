//! What filters and value lists share: AND, OR and NOT, in one normal form.
//!
//! In the normal form no AND stands directly in an AND and no OR directly in an OR, and each has at least two members:
//! `(a AND b) AND (c)` is `a AND b AND c`. Double negation stays as written.

use super::ast::{Argument, Call, Comparison, Expr, Operand, Values};

/// A tree of AND, OR and NOT.
pub(super) trait Boolean: Sized {
    /// All of them.
    fn all(members: Vec<Self>) -> Self;
    /// Any of them.
    fn any(members: Vec<Self>) -> Self;
    /// Not that.
    fn negated(self) -> Self;
    /// The members of an AND, or the tree itself.
    fn into_all(self) -> Result<Vec<Self>, Self>;
    /// The members of an OR, or the tree itself.
    fn into_any(self) -> Result<Vec<Self>, Self>;
    /// What is negated, or the tree itself.
    fn into_negated(self) -> Result<Self, Self>;
    /// The topmost part.
    fn shape(&self) -> Shape<'_, Self>;
    /// How deep a leaf nests, parentheses and calls counted.
    fn leaf_depth(&self) -> usize;
}

/// The topmost part of a tree.
pub(super) enum Shape<'t, N> {
    /// AND.
    All(&'t [N]),
    /// OR.
    Any(&'t [N]),
    /// NOT.
    Not(&'t N),
    /// Anything else.
    Leaf,
}

/// The tree in normal form. Each part is moved a bounded number of times, however the lists nest.
pub(super) fn normal<N: Boolean>(node: N) -> N {
    match node.into_all() {
        Ok(members) => joined(members, N::into_all, N::all),
        Err(node) => match node.into_any() {
            Ok(members) => joined(members, N::into_any, N::any),
            Err(node) => match node.into_negated() {
                Ok(inner) => normal(inner).negated(),
                Err(leaf) => leaf,
            },
        },
    }
}

/// A function that gives the members of a list of one kind, or the tree itself.
type Split<N> = fn(N) -> Result<Vec<N>, N>;

fn joined<N: Boolean>(members: Vec<N>, split: Split<N>, join: fn(Vec<N>) -> N) -> N {
    let mut flat = Vec::with_capacity(members.len());
    for member in members {
        gather(member, split, &mut flat);
    }
    match flat.pop() {
        Some(only) if flat.is_empty() => only,
        last => {
            flat.extend(last);
            join(flat)
        }
    }
}

fn gather<N: Boolean>(node: N, split: Split<N>, flat: &mut Vec<N>) {
    match split(node) {
        Ok(members) => members.into_iter().for_each(|member| gather(member, split, flat)),
        // A list of one member may turn out to be a list of the other kind.
        Err(node) => match split(normal(node)) {
            Ok(members) => flat.extend(members),
            Err(node) => flat.push(node),
        },
    }
}

/// How deep the printed form nests: parentheses, NOTs and calls. `grouped` says whether an AND or OR at the top needs
/// parentheses.
pub(super) fn depth<N: Boolean>(node: &N, grouped: bool) -> usize {
    match node.shape() {
        Shape::All(members) | Shape::Any(members) => {
            let deepest = members.iter().map(|member| depth(member, true)).max().unwrap_or(0);
            deepest + usize::from(grouped)
        }
        Shape::Not(inner) => 1 + depth(inner, true),
        Shape::Leaf => node.leaf_depth(),
    }
}

impl Boolean for Expr {
    fn all(members: Vec<Expr>) -> Expr {
        Expr::And(members)
    }

    fn any(members: Vec<Expr>) -> Expr {
        Expr::Or(members)
    }

    fn negated(self) -> Expr {
        Expr::Not(Box::new(self))
    }

    fn into_all(self) -> Result<Vec<Expr>, Expr> {
        if let Expr::And(members) = self { Ok(members) } else { Err(self) }
    }

    fn into_any(self) -> Result<Vec<Expr>, Expr> {
        if let Expr::Or(members) = self { Ok(members) } else { Err(self) }
    }

    fn into_negated(self) -> Result<Expr, Expr> {
        if let Expr::Not(inner) = self { Ok(*inner) } else { Err(self) }
    }

    fn shape(&self) -> Shape<'_, Expr> {
        match self {
            Expr::And(members) => Shape::All(members),
            Expr::Or(members) => Shape::Any(members),
            Expr::Not(inner) => Shape::Not(inner),
            Expr::Everything | Expr::Compare(_) | Expr::Global(_) | Expr::Test(_) => Shape::Leaf,
        }
    }

    fn leaf_depth(&self) -> usize {
        match self {
            Expr::Compare(Comparison { left, right, .. }) => {
                let left = match left {
                    Operand::Field(_) => 0,
                    Operand::Call(call) => call_depth(call),
                };
                let right = match right {
                    Values::One(_) | Values::Present => 0,
                    list @ (Values::All(_) | Values::Any(_) | Values::Not(_)) => 1 + depth(list, false),
                };
                left.max(right)
            }
            Expr::Test(call) => call_depth(call),
            Expr::Everything | Expr::Global(_) | Expr::And(_) | Expr::Or(_) | Expr::Not(_) => 0,
        }
    }
}

impl Boolean for Values {
    fn all(members: Vec<Values>) -> Values {
        Values::All(members)
    }

    fn any(members: Vec<Values>) -> Values {
        Values::Any(members)
    }

    fn negated(self) -> Values {
        Values::Not(Box::new(self))
    }

    fn into_all(self) -> Result<Vec<Values>, Values> {
        if let Values::All(members) = self { Ok(members) } else { Err(self) }
    }

    fn into_any(self) -> Result<Vec<Values>, Values> {
        if let Values::Any(members) = self { Ok(members) } else { Err(self) }
    }

    fn into_negated(self) -> Result<Values, Values> {
        if let Values::Not(inner) = self { Ok(*inner) } else { Err(self) }
    }

    fn shape(&self) -> Shape<'_, Values> {
        match self {
            Values::All(members) => Shape::All(members),
            Values::Any(members) => Shape::Any(members),
            Values::Not(inner) => Shape::Not(inner),
            Values::One(_) | Values::Present => Shape::Leaf,
        }
    }

    fn leaf_depth(&self) -> usize {
        0
    }
}

fn call_depth(call: &Call) -> usize {
    let deepest = call.arguments.iter().map(|argument| match argument {
        Argument::Call(inner) => call_depth(inner),
        Argument::Field(_) | Argument::Value(_) => 0,
    });
    1 + deepest.max().unwrap_or(0)
}
