//! Why a filter that can be read cannot be evaluated, and where.

use thiserror::Error;

use super::ast::Span;

/// What is wrong with a filter that reads well.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvalError {
    /// No entry can have the field.
    #[error("an entry has no field `{name}`")]
    UndefinedField {
        /// The field as written.
        name: String,
        /// A field that may be meant.
        meant: Option<String>,
        /// Where it stands.
        span: Span,
    },
    /// The regular expression cannot be compiled.
    #[error("the regular expression cannot be used: {reason}")]
    InvalidRegex {
        /// Why.
        reason: String,
        /// Where it stands.
        span: Span,
    },
    /// Not an address, nor a range of addresses.
    #[error("`{written}` is no IP address or range, such as 192.0.2.0/24")]
    InvalidSubnet {
        /// As written.
        written: String,
        /// Where it stands.
        span: Span,
    },
    /// A function is not given what it needs.
    #[error("{message}")]
    InvalidArgument {
        /// What is expected.
        message: String,
        /// Where it stands.
        span: Span,
    },
    /// Which entries Cloud Logging draws cannot be known here.
    #[error("which entries sample() draws is known to Cloud Logging only")]
    SampleUnknown {
        /// Where it stands.
        span: Span,
    },
    /// Parts stand too deep in each other.
    #[error("the filter is nested too deep: more than {limit} levels")]
    TooDeep {
        /// The most levels.
        limit: usize,
    },
}

impl EvalError {
    pub(super) fn argument(span: Span, message: impl Into<String>) -> Self {
        Self::InvalidArgument { message: message.into(), span }
    }

    /// Where in the filter.
    pub fn span(&self) -> Span {
        match self {
            Self::UndefinedField { span, .. }
            | Self::InvalidRegex { span, .. }
            | Self::InvalidSubnet { span, .. }
            | Self::InvalidArgument { span, .. }
            | Self::SampleUnknown { span } => *span,
            Self::TooDeep { .. } => Span::default(),
        }
    }

    /// What to do about it, if that can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UndefinedField { meant, .. } => meant.as_ref().map(|meant| format!("is `{meant}` meant?")),
            Self::SampleUnknown { .. } => Some("`lql match --local-sample` draws by a hash of its own".to_owned()),
            Self::InvalidRegex { .. }
            | Self::InvalidSubnet { .. }
            | Self::InvalidArgument { .. }
            | Self::TooDeep { .. } => None,
        }
    }
}
