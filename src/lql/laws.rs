//! Laws of reading and printing, on generated trees and texts, and on filters from outside.

use proptest::prelude::*;

use super::ast::{Argument, Call, Comparison, Expr, Function, Literal, Op, Operand, Path, Span, Values};
use super::boolean::normal;
use super::{format, parse, print, print_line};

/// Texts that try to break out of their quotes.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z0-9 ._/-]{0,12}",
        2 => "[\"'\\\\ntu0-9d()*,:=~!<>-]{0,8}",
        1 => any::<String>(),
        1 => "(AND|OR|NOT|\\*|--|-x|NULL_VALUE|true|a b|\"\\) OR \\()",
    ]
}

fn word() -> impl Strategy<Value = String> {
    let special = "[a-zA-Z_@/%.~][a-zA-Z0-9_@/%.~*!+{}-]{0,8}x".prop_filter("an operator", |word| !word.contains("!~"));
    prop_oneof![special, "[0-9]{1,4}", Just("NULL_VALUE".to_owned())]
}

fn quoted(text: String) -> Literal {
    Literal { text, quoted: true, span: Span::default() }
}

fn unquoted(text: String) -> Literal {
    Literal { text, quoted: false, span: Span::default() }
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![text().prop_map(quoted), word().prop_map(unquoted)]
}

fn value() -> impl Strategy<Value = Literal> {
    prop_oneof![literal(), "-[0-9.]{1,4}".prop_map(unquoted)]
}

fn path() -> impl Strategy<Value = Path> {
    let segment = prop_oneof!["[a-zA-Z_@][a-zA-Z0-9_@-]{0,6}", text()];
    prop::collection::vec(segment, 1..4).prop_map(|segments| Path { segments, span: Span::default() })
}

fn call(function: Function, arguments: Vec<Argument>) -> Call {
    Call { function, arguments, span: Span::default() }
}

fn test() -> impl Strategy<Value = Call> {
    let with_field = prop_oneof![Just(Function::Sample), Just(Function::IpInNet), Just(Function::Search)];
    let alone = prop_oneof![Just(Function::LogId), Just(Function::Source), Just(Function::Search)];
    prop_oneof![
        (alone, literal()).prop_map(|(function, value)| call(function, vec![Argument::Value(value)])),
        (with_field, path(), value())
            .prop_map(|(function, path, value)| call(function, vec![Argument::Field(path), Argument::Value(value)])),
    ]
}

fn computed() -> impl Strategy<Value = Call> {
    let leaf = path().prop_map(Argument::Field);
    let nested = leaf.prop_recursive(3, 6, 1, |inner| {
        let zone = prop::option::of(literal().prop_map(|zone| call(Function::Timezone, vec![Argument::Value(zone)])));
        let cast = (inner.clone(), prop_oneof![Just("STRING"), Just("int64")], any::<bool>(), zone).prop_map(
            |(from, name, in_quotes, zone)| {
                let name = if in_quotes { quoted(name.to_owned()) } else { unquoted(name.to_owned()) };
                let mut arguments = vec![from, Argument::Value(name)];
                arguments.extend(zone.map(Argument::Call));
                Argument::Call(call(Function::Cast, arguments))
            },
        );
        let extract = (inner, value()).prop_map(|(from, value)| {
            Argument::Call(call(Function::RegexpExtract, vec![from, Argument::Value(value)]))
        });
        prop_oneof![cast, extract]
    });
    nested.prop_map(|argument| match argument {
        Argument::Call(call) => call,
        field => call(Function::RegexpExtract, vec![field, Argument::Value(quoted("(x)".to_owned()))]),
    })
}

fn op() -> impl Strategy<Value = Op> {
    use Op::*;
    prop::sample::select(vec![Eq, Ne, Lt, Le, Gt, Ge, Has, Matches, NotMatches])
}

fn values(op: Op) -> impl Strategy<Value = Values> {
    let leaf = prop_oneof![
        6 => value().prop_map(Values::One),
        1 => value().prop_map(move |one| if op == Op::Has { Values::Present } else { Values::One(one) }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let members = prop::collection::vec(inner.clone(), 1..5);
        prop_oneof![
            members.clone().prop_map(Values::All),
            members.prop_map(Values::Any),
            inner.prop_map(|inner| Values::Not(Box::new(inner))),
        ]
    })
}

fn comparison() -> impl Strategy<Value = Comparison> {
    let left = prop_oneof![4 => path().prop_map(Operand::Field), 1 => computed().prop_map(Operand::Call)];
    (left, op())
        .prop_flat_map(|(left, op)| (Just(left), Just(op), values(op)))
        .prop_map(|(left, op, right)| Comparison { left, op, right: normal(right), span: Span::default() })
}

/// A tree in normal form.
pub(super) fn tree() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        4 => comparison().prop_map(Expr::Compare),
        1 => literal().prop_map(Expr::Global),
        1 => test().prop_map(Expr::Test),
    ];
    let nested = leaf.prop_recursive(5, 24, 4, |inner| {
        let members = prop::collection::vec(inner.clone(), 1..5);
        prop_oneof![
            members.clone().prop_map(Expr::And),
            members.prop_map(Expr::Or),
            inner.prop_map(|inner| Expr::Not(Box::new(inner))),
        ]
    });
    prop_oneof![20 => nested.prop_map(normal), 1 => Just(Expr::Everything)]
}

/// Texts that look like filters, and others.
fn scribble() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b.c",
        "AND",
        "OR",
        "NOT",
        "-",
        "--",
        "(",
        ")",
        "\"",
        "'",
        "\"x\"",
        "'y'",
        ".",
        ",",
        "=",
        "!=",
        "!",
        "=~",
        "!~",
        ":",
        "*",
        "<",
        ">=",
        " ",
        "\n",
        "\\",
        "cast(",
        "log_id(",
        "SEARCH(",
        "TIMEZONE(",
        "STRING",
        "é",
        "\u{0}",
        "\u{a0}",
    ]);
    prop_oneof![any::<String>(), prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_printed_reads_back_as_the_same_tree(tree in tree()) {
        for printed in [print(&tree), print_line(&tree)] {
            let read = parse(&printed).map_err(|error| TestCaseError::fail(error.render("printed", &printed)))?;
            prop_assert_eq!(&read, &tree, "{}", printed);
        }
    }

    #[test]
    fn a_tree_out_of_normal_form_is_printed_as_its_normal_form_reads(trees in prop::collection::vec(tree(), 1..4)) {
        let nested = trees.into_iter().filter(|tree| *tree != Expr::Everything).fold(None, |outer, tree| {
            Some(Expr::And(outer.into_iter().chain([Expr::And(vec![tree.clone()]), Expr::Or(vec![tree])]).collect()))
        });
        if let Some(nested) = nested {
            prop_assert_eq!(parse(&print(&nested)), Ok(normal(nested)));
        }
    }

    #[test]
    fn formatting_twice_is_formatting_once(tree in tree(), comments in prop::collection::vec("-- [a-z\"(]{0,5}", 0..4)) {
        let mut text = print(&tree);
        for comment in comments {
            // A line break in a pattern is no place for a comment; such texts may fail to parse, which is fine.
            text = text.replacen(" AND", &std::format!("\n {comment}\n AND"), 1) + " " + &comment;
        }
        if let Ok(once) = format(&text) {
            prop_assert_eq!(parse(&once), parse(&text));
            prop_assert_eq!(format(&once).unwrap(), once);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in scribble()) {
        match parse(&text) {
            Ok(tree) => {
                let printed = print(&tree);
                prop_assert_eq!(parse(&printed), Ok(tree), "{}", printed);
                let formatted = format(&text).unwrap();
                prop_assert_eq!(format(&formatted), Ok(formatted));
            }
            Err(error) => {
                prop_assert!(text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end));
                prop_assert!(error.render("filter", &text).contains(&error.message));
            }
        }
    }
}

/// Filters that people wrote, when `BILLTRAIL_LQL_SAMPLES` names a file of them, separated by lines `----`.
#[test]
fn filters_from_outside_keep_their_trees() {
    let Some(file) = std::env::var_os("BILLTRAIL_LQL_SAMPLES") else {
        eprintln!("SKIPPED: BILLTRAIL_LQL_SAMPLES is not set");
        return;
    };
    let samples = std::fs::read_to_string(file).unwrap();
    let mut count = 0;
    for block in samples.split("\n----\n") {
        let tree = parse(block).unwrap_or_else(|error| panic!("{}", error.render("sample", block)));
        assert_eq!(parse(&print(&tree)).as_ref(), Ok(&tree), "{block}");
        assert_eq!(parse(&print_line(&tree)).as_ref(), Ok(&tree), "{block}");
        let formatted = format(block).unwrap();
        assert_eq!(parse(&formatted), Ok(tree), "{block}");
        assert_eq!(format(&formatted).unwrap(), formatted);
        count += 1;
    }
    eprintln!("{count} filters from outside");
}
