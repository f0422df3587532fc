//! The functions of the language: what they are given, checked, and what `cast` and `regexp_extract` make of a value.

use std::borrow::Cow;

use ipnet::IpNet;
use regex::bytes::Regex;

use super::ast::{Argument, Call, Function, Path, Span};
use super::eval::extract;
use super::eval_error::EvalError;
use super::moment::{Zone, duration};
use super::number::Number;
use super::re2;
use super::value::Typed;

/// How deep calls may stand in calls.
const NESTING: usize = 32;

/// A step from one value to another.
#[derive(Debug)]
pub(super) enum Transform {
    Cast(Target, Zone),
    Extract(Regex),
}

/// What `cast` makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    String,
    Int64,
    Float64,
    Bool,
    Timestamp,
    Duration,
}

impl Transform {
    /// The new value; `None` if the old one cannot become it.
    pub(super) fn apply(&self, value: &Typed<'_>) -> Option<Typed<'static>> {
        match self {
            Self::Extract(regex) => match value {
                Typed::Text(text) => extract(regex, text).map(|text| Typed::Text(Cow::Owned(text))),
                Typed::CountAsText(text, _) => extract(regex, text).map(|text| Typed::Text(Cow::Owned(text))),
                _ => None,
            },
            Self::Cast(Target::String, zone) => {
                let text = match value {
                    Typed::Timestamp(nanos) => zone.write(*nanos)?,
                    other => other.text()?.into_owned(),
                };
                Some(Typed::Text(Cow::Owned(text)))
            }
            Self::Cast(Target::Int64, _) => {
                let whole = match value {
                    Typed::Number(Number::Whole(whole), _) => *whole,
                    // Half away from zero, as in SQL.
                    Typed::Number(Number::Decimal(decimal), _) if decimal.is_finite() => decimal.round() as i128,
                    Typed::Bool(truth) => i128::from(*truth),
                    Typed::Severity(number) => i128::from(*number),
                    other => other.text()?.trim().parse().ok()?,
                };
                let whole = i128::from(i64::try_from(whole).ok()?);
                Some(Typed::Number(Number::Whole(whole), Cow::Owned(whole.to_string())))
            }
            Self::Cast(Target::Float64, _) => {
                let number = Number::parse(&value.text()?)?;
                let decimal = number.decimal();
                Some(Typed::Number(number, Cow::Owned(decimal.to_string())))
            }
            Self::Cast(Target::Bool, _) => Some(Typed::Bool(match value {
                Typed::Number(Number::Whole(whole), _) => *whole != 0,
                other => other.text()?.trim().to_ascii_lowercase().parse().ok()?,
            })),
            Self::Cast(Target::Timestamp, zone) => match value {
                Typed::Timestamp(nanos) => Some(Typed::Timestamp(*nanos)),
                Typed::Text(text) => zone.read(text).map(Typed::Timestamp),
                _ => None,
            },
            Self::Cast(Target::Duration, _) => match value {
                Typed::Duration(nanos) => Some(Typed::Duration(*nanos)),
                Typed::Text(text) => duration(text).map(Typed::Duration),
                _ => None,
            },
        }
    }
}

/// The field a `cast` or `regexp_extract` starts from, and the steps from its value to the result.
pub(super) fn chain(call: &Call) -> Result<(Path, Vec<Transform>), EvalError> {
    let mut transforms = Vec::new();
    let mut call = call;
    loop {
        if transforms.len() == NESTING {
            return Err(EvalError::argument(call.span, "calls stand too deep in each other"));
        }
        transforms.push(transform(call)?);
        match call.arguments.first() {
            Some(Argument::Call(inner)) => call = inner,
            first => {
                let path = field(call, first)?;
                transforms.reverse();
                return Ok((path, transforms));
            }
        }
    }
}

fn transform(call: &Call) -> Result<Transform, EvalError> {
    match call.function {
        Function::Cast => {
            const SHAPE: &str = "expected cast(field, TYPE) or cast(field, TYPE, TIMEZONE(\"zone\"))";
            count(call, 2..=3, SHAPE)?;
            let name = text(&call.arguments[1]).unwrap_or_default();
            let target = match name.to_ascii_uppercase().as_str() {
                "STRING" => Target::String,
                "INT64" => Target::Int64,
                "FLOAT64" => Target::Float64,
                "BOOL" => Target::Bool,
                "TIMESTAMP" => Target::Timestamp,
                "DURATION" => Target::Duration,
                _ => {
                    let message = "a cast is to STRING, INT64, FLOAT64, BOOL, TIMESTAMP or DURATION";
                    return Err(EvalError::argument(span(&call.arguments[1]), message));
                }
            };
            let Some(third) = call.arguments.get(2) else { return Ok(Transform::Cast(target, Zone::UTC)) };
            let Argument::Call(inner) = third else { return Err(EvalError::argument(span(third), SHAPE)) };
            if inner.function != Function::Timezone || inner.arguments.len() != 1 {
                return Err(EvalError::argument(inner.span, SHAPE));
            }
            if !matches!(target, Target::String | Target::Timestamp) {
                return Err(EvalError::argument(inner.span, "a time zone goes with STRING or TIMESTAMP"));
            }
            let name = text(&inner.arguments[0]).unwrap_or_default();
            let zone = Zone::parse(&name)
                .ok_or_else(|| EvalError::argument(span(&inner.arguments[0]), format!("`{name}` is no time zone")))?;
            Ok(Transform::Cast(target, zone))
        }
        Function::RegexpExtract => {
            count(call, 2..=2, "expected regexp_extract(field, \"pattern\")")?;
            let place = span(&call.arguments[1]);
            let pattern = text(&call.arguments[1]).unwrap_or_default();
            let regex = re2::compile(&pattern).map_err(|reason| EvalError::InvalidRegex { reason, span: place })?;
            if regex.captures_len() != 2 {
                return Err(EvalError::argument(place, "the pattern needs exactly one group in parentheses"));
            }
            Ok(Transform::Extract(regex))
        }
        _ => Err(EvalError::argument(call.span, "only cast and regexp_extract make a value")),
    }
}

/// An address or a range of addresses.
pub(super) fn subnet(argument: &Argument) -> Result<IpNet, EvalError> {
    let written = text(argument).unwrap_or_default();
    let parsed = written.parse().or_else(|_| written.parse::<std::net::IpAddr>().map(IpNet::from));
    parsed.map_err(|_| EvalError::InvalidSubnet { written, span: span(argument) })
}

/// A fraction above 0 and up to 1, as the number of 64-bit hashes below it.
pub(super) fn fraction(argument: &Argument) -> Result<u128, EvalError> {
    let written = text(argument).unwrap_or_default();
    let refused = || EvalError::argument(span(argument), "the fraction is above 0 and at most 1, as in 0.01");
    let (whole, decimals) = written.split_once('.').unwrap_or((&written, ""));
    let kept = &decimals[..decimals.len().min(18)];
    if whole.len() > 1 || whole.len() + kept.len() == 0 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused());
    }
    let scale = 10_u128.pow(u32::try_from(kept.len()).map_err(|_| refused())?);
    let numerator: u128 = format!("{whole}{kept}").parse().map_err(|_| refused())?;
    if numerator == 0 || numerator > scale {
        return Err(refused());
    }
    Ok((numerator << 64) / scale)
}

/// That many arguments, or an error that shows the right form.
pub(super) fn count(call: &Call, allowed: std::ops::RangeInclusive<usize>, shape: &str) -> Result<(), EvalError> {
    if allowed.contains(&call.arguments.len()) { Ok(()) } else { Err(EvalError::argument(call.span, shape)) }
}

/// An argument as a field.
pub(super) fn field(call: &Call, argument: Option<&Argument>) -> Result<Path, EvalError> {
    match argument {
        Some(Argument::Field(path)) => Ok(path.clone()),
        Some(Argument::Value(literal)) if !literal.quoted => {
            Ok(Path { segments: literal.text.split('.').map(str::to_owned).collect(), span: literal.span })
        }
        Some(other) => Err(EvalError::argument(span(other), "a field is expected here")),
        None => Err(EvalError::argument(call.span, "a field is expected as the first argument")),
    }
}

/// An argument as a text: words without quotes may have been read as a field.
pub(super) fn text(argument: &Argument) -> Option<String> {
    match argument {
        Argument::Field(path) => Some(path.segments.join(".")),
        Argument::Value(literal) => Some(literal.text.clone()),
        Argument::Call(_) => None,
    }
}

/// Where an argument stands.
pub(super) fn span(argument: &Argument) -> Span {
    match argument {
        Argument::Field(path) => path.span,
        Argument::Value(literal) => literal.span,
        Argument::Call(call) => call.span,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ast::Literal;
    use super::*;

    fn value(text: &str) -> Argument {
        Argument::Value(Literal { text: text.into(), quoted: true, span: Span::default() })
    }

    #[test]
    fn a_fraction_is_above_zero_and_at_most_one() {
        assert_eq!(fraction(&value("1")).unwrap(), 1 << 64);
        assert_eq!(fraction(&value(".5")).unwrap(), 1 << 63);
        for refused in ["0", "0.0", "1.01", "-0.1", "", ".", "x", "0.1é", "1e-3", "2"] {
            assert!(fraction(&value(refused)).is_err(), "{refused}");
        }
    }

    #[test]
    fn casts_convert_or_give_nothing() {
        let text = |text: &'static str| Typed::Text(Cow::Borrowed(text));
        let cast = |target, value: Typed<'_>| {
            Transform::Cast(target, Zone::UTC).apply(&value).and_then(|made| made.text().map(Cow::into_owned))
        };
        assert_eq!(cast(Target::Int64, text("12")).as_deref(), Some("12"));
        assert_eq!(cast(Target::Int64, text("12.5")), None);
        assert_eq!(cast(Target::Int64, Typed::Number(Number::Decimal(-2.5), "-2.5".into())).as_deref(), Some("-3"));
        assert_eq!(cast(Target::Bool, text("TRUE")).as_deref(), Some("true"));
        assert_eq!(cast(Target::Timestamp, text("2026-01-02 03:04:05")).as_deref(), Some("2026-01-02T03:04:05Z"));
        assert_eq!(cast(Target::Duration, text("90s")), Some("90s".to_owned()));
        assert_eq!(cast(Target::Float64, Typed::Null), None);
    }
}
