//! Reads a price book: tables `[[price]]` in TOML. What is wrong is told with file, line and what to do.

use chrono_tz::Tz;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mapping_pattern::Pattern;
use super::mapping_row::Validity;
use super::mapping_toml::{in_order, plain, texts};
use super::price::{Per, Price, PriceBook};
use super::price_error::{PriceErrors, PriceProblem};
use crate::model::closed_list::closed_list;
use crate::model::money::{Amount, Currency};
use crate::model::time::moment;

closed_list! {
    /// The keys of a price.
    pub enum PriceKey {
        Service = "service": "the service, as `billtrail services` names it",
        Method = "method": "the methods: a pattern or a list of patterns; all of the service when it is missing",
        Model = "model": "the models: a pattern such as `anthropic/*`",
        Sku = "sku": "a name of your own for the family of charges; report --by sku groups by it",
        Price = "price": "what `per` costs",
        Per = "per": "a unit, or a number of units, such as `call`, `1000 calls`, `TiB`, `slot-hour`",
        Currency = "currency": "the currency, if it does not stand above all prices",
        ValidFrom = "valid_from": "the first day on which the price holds",
        ValidTo = "valid_to": "the first day on which it no longer holds",
    }
}

const CURRENCY: &str = "currency";
const PRICE: &str = "price";

/// The full name of a service that the catalogue knows.
type Known<'k> = dyn Fn(&str) -> Option<String> + 'k;

impl PriceBook {
    /// Reads a price book. `known` gives the full name of a service of the catalogue; days are those of `timezone`.
    ///
    /// # Errors
    /// When anything is wrong with it; names every place.
    pub fn parse(file: &str, bytes: &[u8], timezone: Tz, known: &Known<'_>) -> Result<Self, PriceErrors> {
        let mut reader = Reader { timezone, known, prices: Vec::new(), problems: Vec::new() };
        match std::str::from_utf8(bytes) {
            Ok(text) => reader.read(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Err(_) => reader.problems.push((1, PriceProblem::NotUtf8)),
        }
        let Reader { prices, mut problems, .. } = reader;
        let mut currency: Option<(u64, Currency)> = None;
        for (price, of_price) in &prices {
            let (first, other) = *currency.get_or_insert((price.line, *of_price));
            if other != *of_price {
                problems.push((price.line, PriceProblem::SeveralCurrencies { this: *of_price, other, first }));
            }
        }
        for (at, (price, _)) in prices.iter().enumerate() {
            if let Some((other, _)) = prices[..at].iter().find(|(other, _)| price.collides(other)) {
                problems.push((price.line, PriceProblem::Overlaps(other.line)));
            }
        }
        match currency {
            Some((_, currency)) if problems.is_empty() => {
                Ok(Self::of(file, currency, prices.into_iter().map(|(price, _)| price).collect()))
            }
            Some(_) | None => {
                problems.sort_by_key(|(line, _)| *line);
                Err(PriceErrors { file: file.to_owned(), problems })
            }
        }
    }
}

struct Reader<'k> {
    timezone: Tz,
    known: &'k Known<'k>,
    prices: Vec<(Price, Currency)>,
    problems: Vec<(u64, PriceProblem)>,
}

impl Reader<'_> {
    fn read(&mut self, text: &str) {
        let line =
            |at: usize| text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').fold(1, |line, _| line + 1);
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let at = error.span().map_or(1, |span| line(span.start));
            self.problems.push((at, PriceProblem::NotToml(error.message().to_owned())));
        }
        if !errors.is_empty() {
            return;
        }
        let mut currency = None;
        let mut tables = Vec::new();
        for (key, value) in in_order(table.get_ref()) {
            let at = line(value.span().start);
            match key.get_ref().as_ref() {
                CURRENCY => match plain(value.get_ref()) {
                    Some(text) => currency = self.currency(at, &text),
                    None => self.problems.push((at, PriceProblem::WrongType { key: CURRENCY, expected: "a text" })),
                },
                PRICE => match value.get_ref().as_array().map(|tables| tables.iter().collect::<Vec<_>>()) {
                    Some(found) => tables = found,
                    None => self.problems.push((at, PriceProblem::WrongType { key: PRICE, expected: TABLES })),
                },
                key => {
                    let known = format!("{CURRENCY}, {PRICE}");
                    self.problems.push((at, PriceProblem::UnknownKey { key: key.to_owned(), known }));
                }
            }
        }
        for table in &tables {
            let at = line(table.span().start);
            match table.get_ref().as_table() {
                Some(cells) => self.price(at, cells, currency, &line),
                None => self.problems.push((at, PriceProblem::WrongType { key: PRICE, expected: TABLES })),
            }
        }
        if tables.is_empty() && self.problems.is_empty() {
            self.problems.push((1, PriceProblem::NoPrices));
        }
    }

    fn currency(&mut self, line: u64, text: &str) -> Option<Currency> {
        let currency = Currency::parse(text);
        if currency.is_none() {
            self.problems.push((line, PriceProblem::BadCurrency(text.to_owned())));
        }
        currency
    }

    /// Reads one table, which is a price for each of its methods.
    fn price(&mut self, start: u64, table: &DeTable<'_>, above: Option<Currency>, line: &dyn Fn(usize) -> u64) {
        let before = self.problems.len();
        let mut cells = Cells::default();
        for (key, value) in in_order(table) {
            let at = line(value.span().start);
            let Some(key) = PriceKey::parse(key.get_ref()) else {
                let known = PriceKey::ALL.iter().map(|key| key.name()).collect::<Vec<_>>().join(", ");
                self.problems.push((at, PriceProblem::UnknownKey { key: key.get_ref().to_string(), known }));
                continue;
            };
            if let Err(problem) = self.cell(key, value, line, &mut cells) {
                self.problems.push((at, problem));
            }
        }
        let missing = [
            (PriceKey::Service, cells.service.is_none()),
            (PriceKey::Price, cells.amount.is_none()),
            (PriceKey::Per, cells.per.is_none()),
        ];
        if self.problems.len() == before {
            let missing = missing.iter().filter(|(_, missing)| *missing);
            self.problems.extend(missing.map(|(key, _)| (start, PriceProblem::MissingKey(key.name()))));
            let (from, to) = (&cells.from, &cells.to);
            if let (Some((from, from_text)), Some((to, to_text))) = (from, to)
                && to <= from
            {
                let (from, to) = (from_text.clone(), to_text.clone());
                self.problems.push((start, PriceProblem::EmptyValidity { from, to }));
            }
            // Without any currency the one above all prices may have been wrong, which was said.
            if cells.currency.or(above).is_none() && self.problems.is_empty() {
                self.problems.push((start, PriceProblem::NoCurrency));
            }
        }
        let currency = cells.currency.or(above);
        let (Some(service), Some(amount), Some(per), Some(currency)) =
            (cells.service, cells.amount, cells.per, currency)
        else {
            return;
        };
        let validity = Validity { from: cells.from.map(|(time, _)| time), to: cells.to.map(|(time, _)| time) };
        let (model, sku) = (cells.model, cells.sku);
        let price = |line, method| Price {
            line,
            service: service.clone(),
            method,
            model: model.clone(),
            sku: sku.clone(),
            amount,
            per,
            validity,
        };
        if cells.methods.is_empty() {
            self.prices.push((price(start, None), currency));
        }
        // A price of several methods is known by the line of each.
        let several = cells.methods.len() > 1;
        for (at, method) in cells.methods {
            self.prices.push((price(if several { at } else { start }, Some(method)), currency));
        }
    }

    fn cell(
        &self,
        key: PriceKey,
        value: &Spanned<DeValue<'_>>,
        line: &dyn Fn(usize) -> u64,
        cells: &mut Cells,
    ) -> Result<(), PriceProblem> {
        let wrong = |expected| PriceProblem::WrongType { key: key.name(), expected };
        let text = || plain(value.get_ref()).map(|text| text.trim().to_owned()).ok_or_else(|| wrong("a text"));
        let date = || {
            let text = text()?;
            let time = moment(&text, self.timezone).ok_or_else(|| PriceProblem::BadDate(text.clone()))?;
            Ok((time, text))
        };
        match key {
            PriceKey::Service => {
                let name = text()?;
                cells.service = Some((self.known)(&name).ok_or(PriceProblem::UnknownService(name))?);
            }
            PriceKey::Method => {
                let methods = texts(value, line).filter(|methods| !methods.is_empty());
                for (at, method) in methods.ok_or_else(|| wrong("a text or a list of texts"))? {
                    cells.methods.push((at, pattern(method)?));
                }
            }
            PriceKey::Model => cells.model = Some(pattern(text()?)?),
            PriceKey::Sku => cells.sku = Some(text()?).filter(|sku| !sku.is_empty()),
            PriceKey::Price => {
                let text = text()?;
                let amount = Amount::parse(&text).ok_or_else(|| PriceProblem::BadPrice(text.clone()))?;
                if amount < Amount::ZERO {
                    return Err(PriceProblem::NegativePrice(text));
                }
                cells.amount = Some(amount);
            }
            PriceKey::Per => {
                let text = text()?;
                cells.per = Some(Per::parse(&text).ok_or(PriceProblem::BadUnit { text })?);
            }
            PriceKey::Currency => {
                let text = text()?;
                cells.currency = Some(Currency::parse(&text).ok_or(PriceProblem::BadCurrency(text))?);
            }
            PriceKey::ValidFrom => cells.from = Some(date()?),
            PriceKey::ValidTo => cells.to = Some(date()?),
        }
        Ok(())
    }
}

const TABLES: &str = "written as tables `[[price]]`";

fn pattern(text: String) -> Result<Pattern, PriceProblem> {
    Pattern::parse(text.trim()).map_err(|why| PriceProblem::BadPattern { pattern: text, why })
}

/// The cells of one price that could be read.
#[derive(Default)]
struct Cells {
    service: Option<String>,
    methods: Vec<(u64, Pattern)>,
    model: Option<Pattern>,
    sku: Option<String>,
    amount: Option<Amount>,
    per: Option<Per>,
    currency: Option<Currency>,
    from: Option<(i64, String)>,
    to: Option<(i64, String)>,
}
