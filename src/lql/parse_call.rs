//! Reads calls of functions and checks what they are given.

use super::ast::{Argument, Call, Function, Span};
use super::error::{FilterError, shown};
use super::escape::Use;
use super::function::{Slot, TYPES};
use super::lex::Kind;
use super::parse::{Parser, Read};

impl Parser<'_> {
    /// Whether the next token is a name that touches a parenthesis.
    pub(super) fn call_starts(&self) -> bool {
        matches!(self.kind(), Kind::Word) && self.touching().is_some_and(|next| matches!(next.kind, Kind::Open))
    }

    /// A name, `(`, arguments, `)`.
    pub(super) fn call(&mut self) -> Read<Call> {
        self.enter()?;
        let name = self.span();
        let Some(function) = Function::named(self.slice(name)) else {
            let hint = "functions are log_id, source, sample, ip_in_net, SEARCH, cast and regexp_extract; \
                        between a word and a group write a blank";
            return Err(self.error(name, format!("`{}` is not a function", shown(self.slice(name))), Some(hint)));
        };
        self.advance();
        let open = self.span();
        self.advance();
        let arguments = self.arguments(function, open)?;
        self.close(open)?;
        self.leave();
        Ok(Call { function, arguments, span: Span { start: name.start, end: self.last().end } })
    }

    /// What stands between the parentheses.
    fn arguments(&mut self, function: Function, open: Span) -> Read<Vec<Argument>> {
        let signature = function.signature();
        let mut arguments = Vec::new();
        if matches!(self.kind(), Kind::Close) {
            return Err(self.miscounted(function, open));
        }
        for slot in signature.slots {
            if matches!(self.kind(), Kind::End) {
                break;
            }
            arguments.push(self.argument(*slot, function)?);
            match self.kind() {
                Kind::Comma => self.advance(),
                Kind::Close if arguments.len() < signature.fewest => return Err(self.miscounted(function, open)),
                Kind::Close | Kind::End => return Ok(arguments),
                Kind::Bad(_) => return Err(self.unexpected()),
                _ => {
                    let message = format!("`{}` follows an argument", shown(self.slice(self.span())));
                    let hint = "arguments are separated by commas; a value with special characters stands in quotes";
                    return Err(self.error(self.span(), message, Some(hint)));
                }
            }
        }
        match self.kind() {
            // `close` says that the parenthesis is never closed.
            Kind::End => Ok(arguments),
            _ => Err(self.miscounted(function, open)),
        }
    }

    fn miscounted(&self, function: Function, open: Span) -> FilterError {
        let signature = function.signature();
        let (fewest, most) = (signature.fewest, signature.slots.len());
        let count = if fewest == most { fewest.to_string() } else { format!("{fewest} or {most}") };
        let noun = if most == 1 { "argument" } else { "arguments" };
        let span = Span { start: open.start, end: self.span().end };
        self.error(span, format!("{} takes {count} {noun}", function.name()), Some(signature.example))
    }

    fn argument(&mut self, slot: Slot, function: Function) -> Read<Argument> {
        match (slot, self.kind()) {
            (_, Kind::Bad(_)) => Err(self.unexpected()),
            (Slot::FieldOrCall, _) if self.call_starts() => {
                let call = self.call()?;
                if call.function.gives_a_value() {
                    return Ok(Argument::Call(call));
                }
                let message = format!("{} gives nothing that {} could use", call.function.name(), function.name());
                Err(self.error(call.span, message, Some(function.signature().example)))
            }
            (Slot::SearchField, Kind::Word | Kind::Quoted) => {
                let member = self.member()?;
                match (member.pieces.as_slice(), self.kind()) {
                    ([(span, quoted)], Kind::Close | Kind::End) => {
                        self.literal(*span, *quoted, Use::Plain).map(Argument::Value)
                    }
                    _ => self.path(&member).map(Argument::Field),
                }
            }
            (Slot::Field | Slot::FieldOrCall, Kind::Word | Kind::Quoted) => {
                let member = self.member()?;
                self.path(&member).map(Argument::Field)
            }
            (Slot::Value(purpose), Kind::Word | Kind::Quoted | Kind::Minus) => {
                self.value_literal(purpose).map(Argument::Value)
            }
            (Slot::Type, Kind::Word | Kind::Quoted) => {
                let literal = self.value_literal(Use::Plain)?;
                if TYPES.iter().any(|name| literal.text.eq_ignore_ascii_case(name)) {
                    return Ok(Argument::Value(literal));
                }
                let hint = format!("types are {}", TYPES.join(", "));
                Err(self.error(literal.span, format!("`{}` is not a type", shown(&literal.text)), Some(&hint)))
            }
            (Slot::Zone, _) if self.call_starts() => {
                let call = self.call()?;
                if call.function == Function::Timezone {
                    return Ok(Argument::Call(call));
                }
                Err(self.misplaced(call.span, slot, function))
            }
            _ => Err(self.misplaced(self.span(), slot, function)),
        }
    }

    fn misplaced(&self, span: Span, slot: Slot, function: Function) -> FilterError {
        let needed = match slot {
            Slot::Field | Slot::FieldOrCall => "a field",
            Slot::SearchField => "a text or a field",
            Slot::Value(_) => "a value",
            Slot::Type => "a type",
            Slot::Zone => "TIMEZONE(\"…\")",
        };
        let message = format!("{} needs {needed} here", function.name());
        self.error(span, message, Some(function.signature().example))
    }
}
