//! Reads what AND, OR and NOT join: words, texts and comparisons. `parse_call` reads functions.

use super::ast::{Call, Comparison, Expr, Function, Literal, Op, Operand, Path, Span, Values};
use super::boolean::normal;
use super::error::shown;
use super::escape::{Use, decode};
use super::lex::Kind;
use super::parse::{Parser, Read};

/// What stands on the left of an operator, or alone: words and texts that touch each other.
pub(super) struct Member {
    /// Where each stands, and whether in quotes.
    pub(super) pieces: Vec<(Span, bool)>,
}

impl Member {
    fn span(&self) -> Span {
        let first = self.pieces.first().map_or_else(Span::default, |(span, _)| *span);
        let last = self.pieces.last().map_or(first, |(span, _)| *span);
        Span { start: first.start, end: last.end }
    }
}

impl Parser<'_> {
    /// A word, a comparison or a call.
    pub(super) fn restriction(&mut self) -> Read<Expr> {
        if self.call_starts() {
            let call = self.call()?;
            return self.after_call(call);
        }
        let member = self.member()?;
        if let Kind::Op(op) = *self.kind() {
            let path = self.path(&member)?;
            return self.comparison(Operand::Field(path), member.span(), op);
        }
        match member.pieces.as_slice() {
            [(span, quoted)] => self.literal(*span, *quoted, Use::Plain).map(Expr::Global),
            _ => {
                let span = member.span();
                let hint = format!("to ask whether the field is there write {}:*", shown(self.slice(span)));
                Err(self.error(span, "this field is compared with nothing", Some(&hint)))
            }
        }
    }

    fn after_call(&mut self, call: Call) -> Read<Expr> {
        let span = call.span;
        let name = call.function.name();
        match (call.function, self.kind()) {
            (Function::Timezone, _) => {
                Err(self.error(span, "TIMEZONE stands only inside of cast", Some(Function::Cast.signature().example)))
            }
            (function, Kind::Op(op)) if function.gives_a_value() => {
                let op = *op;
                self.comparison(Operand::Call(call), span, op)
            }
            (function, _) if function.gives_a_value() => {
                let hint = format!("write what its value is compared with: {name}(…) = \"…\"");
                Err(self.error(span, format!("{name} is compared with nothing"), Some(&hint)))
            }
            (_, Kind::Op(op)) => {
                let message = format!("{name} is true or false by itself: `{}` cannot follow", op.symbol());
                Err(self.error(self.span(), message, Some("to turn it around write NOT before it")))
            }
            _ => Ok(Expr::Test(call)),
        }
    }

    /// The right side of an operator, which is the next token.
    fn comparison(&mut self, left: Operand, start: Span, op: Op) -> Read<Expr> {
        self.advance();
        let right = match self.kind() {
            Kind::Open => normal(self.group(op)?),
            _ => self.value(op)?,
        };
        let span = Span { start: start.start, end: self.last().end };
        Ok(Expr::Compare(Comparison { left, op, right, span }))
    }

    /// One value on the right of an operator.
    pub(super) fn value(&mut self, op: Op) -> Read<Values> {
        if matches!(op, Op::Has) && matches!(self.kind(), Kind::Word) && self.slice(self.span()) == "*" {
            self.advance();
            self.value_ends(self.last())?;
            return Ok(Values::Present);
        }
        let literal = self.value_literal(op.operand_use())?;
        self.value_ends(literal.span)?;
        Ok(Values::One(literal))
    }

    /// A text, or a word with or without a sign.
    pub(super) fn value_literal(&mut self, purpose: Use) -> Read<Literal> {
        let mut span = self.span();
        match self.kind() {
            Kind::Minus => match self.touching() {
                Some(next) if matches!(next.kind, Kind::Word) => {
                    span.end = next.span.end;
                    self.advance();
                }
                _ => {
                    let hint = "only a number or a word can follow; in a list write NOT to negate";
                    return Err(self.error(span, "this `-` is not the sign of a value", Some(hint)));
                }
            },
            Kind::Word | Kind::Quoted => {}
            Kind::And | Kind::Or | Kind::Not => {
                let word = self.slice(span);
                let hint = format!("for the text write \"{word}\", in quotes");
                return Err(self.error(span, format!("`{word}` stands where a value is expected"), Some(&hint)));
            }
            Kind::Op(_) => {
                let hint = "operators are = != < <= > >= : =~ !~; a text that starts like one stands in quotes";
                return Err(self.error(
                    span,
                    format!("`{}` stands where a value is expected", self.slice(span)),
                    Some(hint),
                ));
            }
            Kind::End | Kind::Close | Kind::Comma | Kind::Open | Kind::Bad(_) => return Err(self.unexpected()),
        }
        let quoted = matches!(self.kind(), Kind::Quoted);
        self.advance();
        self.literal(span, quoted, purpose)
    }

    /// Whether a value really ended where its token did.
    fn value_ends(&self, value: Span) -> Read<()> {
        let run = self.run(value.start);
        let word = !self.slice(value).starts_with(['"', '\'']);
        let quote = format!("put the value in quotes: \"{}\"", shown(self.slice(run)));
        match self.kind() {
            Kind::Op(op) if word && self.touches_last() => Err(self.error(
                self.span(),
                format!("`{}` cannot stand in a value without quotes", op.symbol()),
                Some(&quote),
            )),
            Kind::Op(op) => {
                let message = format!("`{}` follows a value", op.symbol());
                Err(self.error(
                    self.span(),
                    message,
                    Some("compare one field with one value at a time, joined with AND or OR"),
                ))
            }
            Kind::Open if word && self.touches_last() => {
                Err(self.error(run, "a function cannot stand on the right of an operator", Some(&quote)))
            }
            _ => self.ends(),
        }
    }

    /// Whether a text or word is not glued to another one.
    fn ends(&self) -> Read<()> {
        match self.kind() {
            Kind::Word | Kind::Quoted if self.touches_last() => {
                let hint = "a quote inside a text is written \\\"; put a blank or an operator between two texts";
                Err(self.error(self.span(), "this touches the text before it", Some(hint)))
            }
            _ => Ok(()),
        }
    }

    /// From a place to the next blank or closing parenthesis.
    fn run(&self, start: usize) -> Span {
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest.find(|it: char| it.is_whitespace() || matches!(it, ')' | '"')).unwrap_or(rest.len());
        Span { start, end: start + length }
    }

    /// The text of a place.
    pub(super) fn literal(&self, span: Span, quoted: bool, purpose: Use) -> Read<Literal> {
        let written = self.slice(span);
        if !quoted && written == "*" {
            let hint = "to ask whether a field is there write `field:*`; for the text write \"*\"";
            return Err(self.error(span, "`*` stands only behind `:`", Some(hint)));
        }
        let text = if quoted { decode(unquoted(written), purpose) } else { written.to_owned() };
        Ok(Literal { text, quoted, span })
    }

    /// The words and texts that touch each other from here on.
    pub(super) fn member(&mut self) -> Read<Member> {
        let mut pieces = Vec::new();
        loop {
            let quoted = match self.kind() {
                Kind::Word => false,
                Kind::Quoted => true,
                _ => return Err(self.unexpected()),
            };
            let span = self.span();
            pieces.push((span, quoted));
            self.advance();
            let joined = self.touches_last()
                && match self.kind() {
                    Kind::Word => self.slice(self.span()).starts_with('.'),
                    Kind::Quoted => !quoted && self.slice(span).ends_with('.'),
                    _ => false,
                };
            if !joined {
                self.ends()?;
                return Ok(Member { pieces });
            }
        }
    }

    /// The field of that name.
    pub(super) fn path(&self, member: &Member) -> Read<Path> {
        let mut segments = Vec::new();
        let last = member.pieces.len() - 1;
        for (index, (span, quoted)) in member.pieces.iter().enumerate() {
            let written = self.slice(*span);
            if *quoted {
                segments.push(decode(unquoted(written), Use::Plain));
                continue;
            }
            // The dots that join this word to the texts beside it.
            let word = if index > 0 { written.strip_prefix('.').unwrap_or(written) } else { written };
            let word = if index < last { word.strip_suffix('.').unwrap_or(word) } else { word };
            // A lone dot between two texts.
            if word.is_empty() && written == "." && index > 0 && index < last {
                continue;
            }
            for segment in word.split('.') {
                if segment.is_empty() {
                    let hint = "names are joined by single dots; a name with a dot stands in quotes: labels.\"a.b\"";
                    return Err(self.error(*span, "a name in this field is empty", Some(hint)));
                }
                segments.push(segment.to_owned());
            }
        }
        Ok(Path { segments, span: member.span() })
    }
}

/// What stands between the quotes.
fn unquoted(written: &str) -> &str {
    written.get(1..written.len().saturating_sub(1)).unwrap_or_default()
}
