//! From the tree of a filter to one that is ready to select: fields resolved, patterns compiled, arguments checked.

use super::ast::{Argument, Call, Comparison, Expr, Function, Literal, Op, Operand, Path, Values};
use super::call::{chain, count, field, fraction, span, subnet, text};
use super::eval::{Compiled, Node, Source};
use super::eval_error::EvalError;
use super::fold::fold;
use super::re2;
use super::record::Want;
use super::schema::Schema;
use super::search::Query;
use super::value::Wanted;

/// The most levels of a filter.
const LEVELS: usize = 512;

/// What the caller allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Draw `sample()` by a hash of our own. The draw is stable, but not the one of Cloud Logging.
    pub local_sample: bool,
}

impl Compiled {
    /// Checks a filter against the fields an entry has.
    ///
    /// # Errors
    /// A field no entry can have, a pattern, subnet or argument that cannot be used, or `sample()`.
    pub fn new(expr: &Expr, schema: &Schema) -> Result<Self, EvalError> {
        Self::with(expr, schema, Options::default())
    }

    /// The same, with what the caller allows.
    ///
    /// # Errors
    /// As [`Compiled::new`].
    pub fn with(expr: &Expr, schema: &Schema, options: Options) -> Result<Self, EvalError> {
        let mut compiler = Compiler { schema, options, want: Want::default(), samples: false };
        let root = compiler.expr(expr, LEVELS)?;
        Ok(Self { root, want: compiler.want, samples_locally: compiler.samples })
    }
}

struct Compiler<'a> {
    schema: &'a Schema,
    options: Options,
    want: Want,
    samples: bool,
}

impl Compiler<'_> {
    fn expr(&mut self, expr: &Expr, levels: usize) -> Result<Node, EvalError> {
        let levels = levels.checked_sub(1).ok_or(EvalError::TooDeep { limit: LEVELS })?;
        Ok(match expr {
            Expr::Everything => Node::Everything,
            Expr::And(parts) => Node::All(parts.iter().map(|part| self.expr(part, levels)).collect::<Result<_, _>>()?),
            Expr::Or(parts) => Node::Any(parts.iter().map(|part| self.expr(part, levels)).collect::<Result<_, _>>()?),
            Expr::Not(part) => Node::Not(Box::new(self.expr(part, levels)?)),
            Expr::Compare(comparison) => self.values(comparison, &comparison.right, levels)?,
            Expr::Global(literal) => {
                self.want.add_everything();
                Node::Global(fold(&literal.text))
            }
            Expr::Test(call) => self.test(call)?,
        })
    }

    /// A list applies field and operator to each of its leaves.
    fn values(&mut self, comparison: &Comparison, values: &Values, levels: usize) -> Result<Node, EvalError> {
        let levels = levels.checked_sub(1).ok_or(EvalError::TooDeep { limit: LEVELS })?;
        Ok(match values {
            Values::One(literal) => {
                let wanted = self.wanted(comparison.op, literal)?;
                Node::Compare(self.operand(&comparison.left)?, comparison.op, Box::new(wanted))
            }
            Values::Present => Node::Present(self.operand(&comparison.left)?),
            Values::Any(parts) => match plain(comparison.op, parts) {
                Some(literals) => {
                    let texts = literals.iter().map(|literal| fold(&literal.text)).collect();
                    let wanted = literals.iter().map(|literal| Wanted::new(&literal.text, false, None)).collect();
                    Node::OneOf(self.operand(&comparison.left)?, wanted, texts)
                }
                None => Node::Any(self.each(comparison, parts, levels)?),
            },
            Values::All(parts) => Node::All(self.each(comparison, parts, levels)?),
            Values::Not(part) => Node::Not(Box::new(self.values(comparison, part, levels)?)),
        })
    }

    fn each(&mut self, comparison: &Comparison, parts: &[Values], levels: usize) -> Result<Vec<Node>, EvalError> {
        parts.iter().map(|part| self.values(comparison, part, levels)).collect()
    }

    fn wanted(&self, op: Op, literal: &Literal) -> Result<Wanted, EvalError> {
        let regex = match op {
            Op::Matches | Op::NotMatches => {
                let failed = |reason| EvalError::InvalidRegex { reason, span: literal.span };
                Some(re2::compile(&literal.text).map_err(failed)?)
            }
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Has => None,
        };
        Ok(Wanted::new(&literal.text, is_null(literal) && regex.is_none(), regex))
    }

    fn operand(&mut self, operand: &Operand) -> Result<Source, EvalError> {
        match operand {
            Operand::Field(path) => self.source(path),
            Operand::Call(call) => {
                let (path, transforms) = chain(call)?;
                Ok(Source { transforms, ..self.source(&path)? })
            }
        }
    }

    fn source(&mut self, path: &Path) -> Result<Source, EvalError> {
        let route = self.schema.resolve(&path.segments).ok_or_else(|| {
            let name = path.segments.join(".");
            let meant = path.segments.last().and_then(|last| self.schema.place_of(last));
            EvalError::UndefinedField { name, meant, span: path.span }
        })?;
        self.want.add(&route.steps);
        Ok(Source::of(route))
    }

    fn test(&mut self, call: &Call) -> Result<Node, EvalError> {
        let arguments = &call.arguments;
        match call.function {
            Function::LogId => {
                count(call, 1..=1, "expected log_id(\"id of a log\")")?;
                self.want.add_root("logName");
                Ok(Node::LogId(fold(&self.text(&arguments[0])?)))
            }
            Function::Source => {
                count(call, 1..=1, "expected source(projects/ID), source(folders/ID) or source(organizations/ID)")?;
                self.want.add_root("logName");
                Ok(Node::Container(fold(&container(&arguments[0], self.text(&arguments[0])?)?)))
            }
            Function::Sample => {
                count(call, 2..=2, "expected sample(field, fraction)")?;
                let (path, limit) = (field(call, arguments.first())?, fraction(&arguments[1])?);
                let source = self.source(&path)?;
                if !self.options.local_sample {
                    return Err(EvalError::SampleUnknown { span: call.span });
                }
                self.samples = true;
                Ok(Node::Sample(source, limit))
            }
            Function::IpInNet => {
                count(call, 2..=2, "expected ip_in_net(field, \"range\")")?;
                let (path, net) = (field(call, arguments.first())?, subnet(&arguments[1])?);
                Ok(Node::InNet(self.source(&path)?, net))
            }
            Function::Search => {
                count(call, 1..=2, "expected SEARCH(\"words\") or SEARCH(field, \"words\")")?;
                let words = &arguments[arguments.len() - 1];
                let query = Query::parse(&self.text(words)?)
                    .ok_or_else(|| EvalError::argument(span(words), "there is no word to search for"))?;
                if arguments.len() == 1 {
                    self.want.add_everything();
                    return Ok(Node::Search(None, query));
                }
                let path = field(call, arguments.first())?;
                Ok(Node::Search(Some(self.source(&path)?), query))
            }
            Function::Cast | Function::RegexpExtract => {
                Err(EvalError::argument(call.span, "the value needs a comparison, such as `= \"x\"`"))
            }
            Function::Timezone => Err(EvalError::argument(call.span, "TIMEZONE stands inside cast only")),
        }
    }

    fn text(&self, argument: &Argument) -> Result<String, EvalError> {
        text(argument).ok_or_else(|| EvalError::argument(span(argument), "a text is expected here"))
    }
}

/// `projects/P`, `folders/F`, `organizations/O` or `billingAccounts/B`.
fn container(argument: &Argument, written: String) -> Result<String, EvalError> {
    let kinds = ["projects", "folders", "organizations", "billingAccounts"];
    match written.split_once('/') {
        Some((kind, id)) if kinds.contains(&kind) && !id.is_empty() && !id.contains('/') => Ok(written),
        _ => Err(EvalError::argument(span(argument), "a source is projects/ID, folders/ID or organizations/ID")),
    }
}

/// The values of a list that `=` tries one after the other.
fn plain(op: Op, parts: &[Values]) -> Option<Vec<&Literal>> {
    fn one(part: &Values) -> Option<&Literal> {
        match part {
            Values::One(literal) if !is_null(literal) => Some(literal),
            _ => None,
        }
    }
    (op == Op::Eq).then(|| parts.iter().map(one).collect()).flatten()
}

fn is_null(literal: &Literal) -> bool {
    !literal.quoted && literal.text == "NULL_VALUE"
}
