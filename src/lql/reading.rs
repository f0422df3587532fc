//! How filters are read: each rule of the language with filters of its own, and what is said of wrong ones.

use super::ast::{Comparison, Expr, Literal, Op, Operand, Span, Values};
use super::{parse, print, print_line};

/// The filter as it is read, on one line with all parentheses.
fn read(text: &str) -> String {
    match parse(text) {
        Ok(expr) => print_line(&expr),
        Err(error) => panic!("{}", error.render("filter", text)),
    }
}

/// The message of what is wrong, with line and column.
fn wrong(text: &str) -> String {
    match parse(text) {
        Ok(expr) => panic!("{text} is read as {}", print_line(&expr)),
        Err(error) => error.to_string(),
    }
}

fn comparison(text: &str) -> Comparison {
    match parse(text) {
        Ok(Expr::Compare(comparison)) => comparison,
        other => panic!("{other:?}"),
    }
}

/// The names of the field on the left.
fn names(text: &str) -> Vec<String> {
    match comparison(text).left {
        Operand::Field(path) => path.segments,
        Operand::Call(call) => panic!("{call:?}"),
    }
}

/// The text on the right and whether it was quoted.
fn right(text: &str) -> (String, bool) {
    match comparison(text).right {
        Values::One(literal) => (literal.text, literal.quoted),
        other => panic!("{other:?}"),
    }
}

#[test]
fn or_binds_tighter_than_and() {
    assert_eq!(read("kind AND green OR blue"), "kind AND (green OR blue)");
    assert_eq!(read("p OR NOT q AND NOT r OR s"), "(p OR NOT q) AND (NOT r OR s)");
    assert_eq!(read("p OR q r OR s"), "(p OR q) AND (r OR s)");
    assert_eq!(read("(p AND q) OR r"), "(p AND q) OR r");
}

#[test]
fn blanks_and_line_breaks_are_an_and_like_the_word() {
    assert_eq!(read("p q AND r s"), "p AND q AND r AND s");
    assert_eq!(read("p\r\nq\tOR\nr"), "p AND (q OR r)");
    assert_eq!(read("(p)(q)\"r\"AND\"s\""), "p AND q AND \"r\" AND \"s\"");
}

#[test]
fn a_word_after_a_comparison_is_a_search() {
    assert_eq!(read(r#"insertId = "A1" OR "B2""#), r#"insertId="A1" OR "B2""#);
    assert_eq!(read("severity=INFO and trace=x"), "severity=INFO AND and AND trace=x");
}

#[test]
fn parentheses_leave_no_trace_in_the_tree() {
    assert_eq!(parse("((p) AND (q AND (r)))"), parse("p q r"));
    assert_eq!(parse("(p OR (q)) OR r"), parse("p OR q OR r"));
    assert_eq!(parse("f=((1))"), parse("f=1"));
    assert_ne!(parse("NOT NOT p"), parse("p"));
}

#[test]
fn not_and_minus_negate_what_follows() {
    assert_eq!(read("NOT f=1 OR g=2"), "NOT f=1 OR g=2");
    assert_eq!(read("-f=1 -(p OR q) -\"w\" -log_id(x)"), "NOT f=1 AND NOT (p OR q) AND NOT \"w\" AND NOT log_id(x)");
    assert_eq!(read("NOT(p q)"), "NOT (p AND q)");
    assert_eq!(read("NOT NOT -p"), "NOT NOT NOT p");
    assert_eq!(read("NOTp my-name p-q"), "NOTp AND my-name AND p-q");
}

#[test]
fn a_minus_on_the_right_is_a_sign() {
    assert_eq!(right("f = -3"), ("-3".to_owned(), false));
    assert_eq!(read("f>=(-2.5 OR -1)"), "f>=(-2.5 OR -1)");
    assert_eq!(read("f=(a -b)"), "f=(a AND -b)");
}

#[test]
fn lists_keep_their_structure() {
    assert_eq!(read(r#"f:(one two)"#), "f:(one AND two)");
    assert_eq!(read(r#"f != ( "a" OR "b" c)"#), r#"f!=(("a" OR "b") AND c)"#);
    assert_eq!(read("f=~(NOT \"^x\")"), "f=~(NOT \"^x\")");
    assert_eq!(read("f=(NOT (a OR b) (NOT NOT c))"), "f=(NOT (a OR b) AND NOT NOT c)");
    assert_eq!(comparison("f=(\"a\")").right, comparison("f=\"a\"").right);
}

#[test]
fn a_star_behind_a_colon_asks_for_presence() {
    assert_eq!(comparison("a.b:*").right, Values::Present);
    assert_eq!(comparison("a.b : *").right, Values::Present);
    assert_eq!(read("f:(* OR x)"), "f:(* OR x)");
    assert_eq!(right("f:\"*\""), ("*".to_owned(), true));
    assert_eq!(right("f:x*"), ("x*".to_owned(), false));
}

#[test]
fn every_operator_is_read() {
    let written = ["=", "!=", "<", "<=", ">", ">=", ":", "=~", "!~"];
    let read = [Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge, Op::Has, Op::Matches, Op::NotMatches];
    for (symbol, op) in written.into_iter().zip(read) {
        assert_eq!(comparison(&format!("f{symbol}x")).op, op);
        assert_eq!(comparison(&format!("f {symbol}\n \"x\"")).op, op);
        assert_eq!(op.symbol(), symbol);
    }
}

#[test]
fn names_of_a_field_may_be_quoted() {
    assert_eq!(names("a.@type=x"), ["a", "@type"]);
    assert_eq!(names(r#"labels."a.b/c"=x"#), ["labels", "a.b/c"]);
    assert_eq!(names(r#"labels.'it"s'."x"."".y.z=x"#), ["labels", "it\"s", "x", "", "y", "z"]);
    assert_eq!(names(r#""labels".b = x"#), ["labels", "b"]);
    assert_eq!(names(r#"j."\"q\"":x"#), ["j", "\"q\""]);
    assert_eq!(names("NOT.AND=x"), ["NOT", "AND"]);
    assert_eq!(read(r#""OR"=x and."AND"=x"#), r#""OR"=x AND and."AND"=x"#);
}

#[test]
fn values_without_quotes_may_hold_dots_slashes_and_more() {
    assert_eq!(right("a.@type=types.example.com/x.Y").0, "types.example.com/x.Y");
    assert_eq!(right("logName: /logs/example.com%2Factivity").0, "/logs/example.com%2Factivity");
    assert_eq!(right("f = NULL_VALUE"), ("NULL_VALUE".to_owned(), false));
    assert_eq!(right("f = 'single'"), ("single".to_owned(), true));
    assert_eq!(right(r"f =~ x\d"), (r"x\d".to_owned(), false));
}

#[test]
fn escapes_are_decoded_except_in_patterns() {
    assert_eq!(right(r#"f="a\tb\d\"""#).0, "a\tb\\d\"");
    assert_eq!(right(r#"f=~"\bx\d""#).0, r"\bx\d");
    assert_eq!(right(r#"f!~"\\d+\\.""#).0, right(r#"f!~"\d+\.""#).0);
    let pattern = r#"regexp_extract(f,"\\d(\b)")=x"#;
    assert_eq!(read(pattern), r#"regexp_extract(f, "\\d(\\b)")=x"#);
}

#[test]
fn comments_are_blanks() {
    assert_eq!(read("-- all of it\np -- it\nAND --x\nq--r"), "p AND q--r");
    assert_eq!(read("f=\"a--b\"--c"), "f=\"a--b\"");
    assert_eq!(parse("-- nothing"), Ok(Expr::Everything));
    assert_eq!(parse(" \n"), Ok(Expr::Everything));
}

#[test]
fn functions_are_read_in_any_case() {
    assert_eq!(read("LOG_ID('a.example.com/b')"), "log_id(\"a.example.com/b\")");
    assert_eq!(read("source(folders/f1) Sample(insertId,0.5)"), "source(folders/f1) AND sample(insertId, 0.5)");
    assert_eq!(read("ip_in_net(a.\"b c\", '192.0.2.0/24')"), "ip_in_net(a.\"b c\", \"192.0.2.0/24\")");
    assert_eq!(read("search(\"`p q`\") Search( a.b , \"x\")"), "SEARCH(\"`p q`\") AND SEARCH(a.b, \"x\")");
    assert_eq!(
        read("CAST(Regexp_Extract(cast(timestamp, string, Time_Zone('UTC')), 'x(.)'), INT64) < 5"),
        r#"cast(regexp_extract(cast(timestamp, string, TIMEZONE("UTC")), "x(.)"), INT64)<5"#
    );
    assert_eq!(read("log_id (x)"), "log_id AND x");
}

#[test]
fn places_are_those_of_the_text() {
    let text = "p AND f.\"g\" = (a OR \"b\")  cast(t, BOOL)=true";
    let Ok(Expr::And(members)) = parse(text) else { panic!("no AND") };
    let place = |span: Span| &text[span.start..span.end];
    let [Expr::Global(word), Expr::Compare(list), Expr::Compare(cast)] = members.as_slice() else {
        panic!("{members:?}")
    };
    assert_eq!(place(word.span), "p");
    assert_eq!(place(list.span), "f.\"g\" = (a OR \"b\")");
    assert_eq!(place(cast.span), "cast(t, BOOL)=true");
    let (Operand::Field(path), Operand::Call(call)) = (&list.left, &cast.left) else { panic!("{members:?}") };
    assert_eq!(place(path.span), "f.\"g\"");
    assert_eq!(place(call.span), "cast(t, BOOL)");
    let Values::Any(values) = &list.right else { panic!("{list:?}") };
    let Some(Values::One(Literal { span, .. })) = values.last() else { panic!("{list:?}") };
    assert_eq!(place(*span), "\"b\"");
}

#[test]
fn words_that_join_need_both_sides() {
    assert_eq!(wrong("AND p"), "1:1: `AND` has nothing on its left to join");
    assert_eq!(wrong("p AND"), "1:3: `AND` has nothing on its right to join");
    assert_eq!(wrong("p OR "), "1:3: `OR` has nothing on its right to join");
    assert_eq!(wrong("(p OR) q"), "1:4: `OR` has nothing on its right to join");
    assert_eq!(wrong("p AND OR q"), "1:7: `OR` has nothing on its left to join");
    assert_eq!(wrong("p NOT"), "1:3: `NOT` has nothing to negate");
    assert_eq!(wrong("p - q"), "1:3: `-` does not touch what it negates");
    assert_eq!(wrong("!p"), "1:1: `!` does not negate");
}

#[test]
fn parentheses_come_in_pairs() {
    assert_eq!(wrong("()"), "1:1: there is nothing between these parentheses");
    assert_eq!(wrong("f=()"), "1:3: there is nothing between these parentheses");
    assert_eq!(wrong("p)"), "1:2: this parenthesis closes nothing");
    assert_eq!(wrong(")"), "1:1: this parenthesis closes nothing");
    assert_eq!(wrong("p\n AND (q"), "2:6: this parenthesis is never closed");
    assert_eq!(wrong("("), "1:1: this parenthesis is never closed");
    assert_eq!(wrong("log_id(x"), "1:7: this parenthesis is never closed");
    assert_eq!(wrong("cast(x,"), "1:5: this parenthesis is never closed");
    assert_eq!(wrong("f=(a"), "1:3: this parenthesis is never closed");
}

#[test]
fn a_comparison_has_a_field_an_operator_and_a_value() {
    assert_eq!(wrong("severity="), "1:9: `=` has no value on its right");
    assert_eq!(wrong("(severity>=) x"), "1:10: `>=` has no value on its right");
    assert_eq!(wrong("f= AND g=1"), "1:4: `AND` stands where a value is expected");
    assert_eq!(wrong("f == 1"), "1:4: `=` stands where a value is expected");
    assert_eq!(wrong("= 1"), "1:1: `=` has no field on its left");
    assert_eq!(wrong("(p) = 1"), "1:5: `=` has no field on its left");
    assert_eq!(wrong("a = b = c"), "1:7: `=` follows a value");
    assert_eq!(wrong("f=(a=1)"), "1:5: `=` cannot stand in a value without quotes");
    assert_eq!(wrong("f=lower(x)"), "1:3: a function cannot stand on the right of an operator");
    assert_eq!(wrong("labels.\"x\""), "1:1: this field is compared with nothing");
    assert_eq!(wrong("a..b=1"), "1:1: a name in this field is empty");
    assert_eq!(wrong("a.=1"), "1:1: a name in this field is empty");
    assert_eq!(wrong("f=*"), "1:3: `*` stands only behind `:`");
    assert_eq!(wrong("f=-\"x\""), "1:3: this `-` is not the sign of a value");
    assert_eq!(wrong("a, b"), "1:2: a comma stands only between the arguments of a function");
}

#[test]
fn a_special_character_needs_quotes_and_the_hint_shows_them() {
    let error = parse("timestamp >= 2026-05-01T10:00:00Z AND x").unwrap_err();
    assert_eq!(error.to_string(), "1:27: `:` cannot stand in a value without quotes");
    assert_eq!(error.hint.as_deref(), Some("put the value in quotes: \"2026-05-01T10:00:00Z\""));
    assert_eq!(wrong("insertId = ab:cd"), "1:14: `:` cannot stand in a value without quotes");
}

#[test]
fn quotes_are_closed_and_texts_do_not_touch() {
    assert_eq!(wrong("a = \"foo"), "1:5: the text starting with \"foo has no closing quote");
    assert_eq!(wrong("a = 'foo\\'"), "1:5: the text starting with 'foo\\' has no closing quote");
    assert_eq!(wrong("a = \"say \"hi\" now\""), "1:11: this touches the text before it");
    assert_eq!(wrong("a=x\"y\""), "1:4: this touches the text before it");
    assert_eq!(wrong("a = “x”"), "1:5: a typographic quotation mark quotes nothing");
    assert_eq!(wrong("a\u{a0}b"), "1:2: the character U+00A0 cannot stand outside of quotes");
}

#[test]
fn functions_are_known_and_get_what_they_take() {
    assert_eq!(wrong("p log_ids(x)"), "1:3: `log_ids` is not a function");
    assert_eq!(wrong("log_id()"), "1:7: log_id takes 1 argument");
    assert_eq!(wrong("log_id(a, b)"), "1:7: log_id takes 1 argument");
    assert_eq!(wrong("sample(insertId)"), "1:7: sample takes 2 arguments");
    assert_eq!(wrong("cast(f)=1"), "1:5: cast takes 2 or 3 arguments");
    assert_eq!(wrong("cast(f, NUMBER)=1"), "1:9: `NUMBER` is not a type");
    assert_eq!(wrong("cast(f, STRING, UTC)=1"), "1:17: cast needs TIMEZONE(\"…\") here");
    assert_eq!(wrong("cast(f, STRING)"), "1:1: cast is compared with nothing");
    assert_eq!(wrong("TIMEZONE(\"UTC\")"), "1:1: TIMEZONE stands only inside of cast");
    assert_eq!(wrong("log_id(\"x\")=true"), "1:12: log_id is true or false by itself: `=` cannot follow");
    assert_eq!(wrong("SEARCH(f,)"), "1:10: SEARCH needs a value here");
    assert_eq!(wrong("ip_in_net((a), b)"), "1:11: ip_in_net needs a field here");
    assert_eq!(wrong("ip_in_net(a, 2001:db8::/32)"), "1:18: `:` follows an argument");
    assert_eq!(wrong("cast(log_id(x), STRING)=1"), "1:6: log_id gives nothing that cast could use");
}

#[test]
fn one_clause_has_one_line_and_long_ones_are_broken() {
    assert_eq!(print(&parse("p (q OR r) NOT s").unwrap()), "p AND\n(q OR r) AND\nNOT s");
    assert_eq!(print(&parse("p OR (q r)").unwrap()), "p OR\n(q AND r)");
    let values: Vec<String> = (0..12).map(|number| format!("\"value-{number:04}\"")).collect();
    let text = format!("p NOT f=({})", values.join(" OR "));
    let broken = format!("p AND\nNOT f=(\n  {}\n)", values.join(" OR\n  "));
    assert_eq!(print(&parse(&text).unwrap()), broken);
    assert_eq!(parse(&broken), parse(&text));
}

#[test]
fn what_is_not_a_tree_of_the_parser_is_printed_with_its_meaning() {
    let nested = Expr::And(vec![Expr::Everything, Expr::Or(vec![]), Expr::And(vec![parse("p").unwrap()])]);
    assert_eq!(print_line(&nested), "insertId>=\"\" AND NOT insertId>=\"\" AND p");
    let odd = |text: &str| Expr::Global(Literal { text: text.to_owned(), quoted: false, span: Span::default() });
    for text in ["a b", "AND", "", "*", "-x", "a:b", "--", "!x", "a\"", " x", "\u{feff}x"] {
        assert!(matches!(parse(&print(&odd(text))), Ok(Expr::Global(it)) if it.text == text && it.quoted), "{text:?}");
    }
}

#[test]
fn deep_filters_are_refused_with_a_reason() {
    for text in [
        "(".repeat(20_000),
        format!("{}p{}", "(".repeat(20_000), ")".repeat(20_000)),
        format!("{}p", "NOT ".repeat(20_000)),
        format!("{}p", "-(".repeat(20_000)),
        format!("f={}a", "(".repeat(20_000)),
        format!("f=(({}a))", "NOT ".repeat(20_000)),
        "cast(".repeat(20_000),
        "(NOT p OR q AND ".repeat(20_000),
    ] {
        assert!(wrong(&text).contains("nests deeper than 200"), "{}", wrong(&text));
    }
    assert_eq!(read(&format!("{}p{}", "(".repeat(200), ")".repeat(200))), "p");
}

#[test]
fn what_is_printed_can_be_read_however_deep() {
    // Printed, each OR in an AND gets parentheses that it need not have had.
    for levels in 1..220 {
        let text = format!("{}p{}", "(a OR b c OR ".repeat(levels), ")".repeat(levels));
        if let Ok(expr) = parse(&text) {
            assert_eq!(parse(&print(&expr)), Ok(expr));
        }
    }
}

#[test]
fn a_filter_over_a_mebibyte_is_refused() {
    assert!(wrong(&"p ".repeat(1 << 20)).contains("1048576"));
    assert!(parse(&"p ".repeat(100_000)).is_ok());
}
