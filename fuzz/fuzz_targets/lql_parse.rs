//! Any text: it is read or refused without a panic, and what is read is printed, formatted, checked and explained so that it
//! reads back as the same filter.

#![no_main]

use billtrail::lql::lint::{Context, lint};
use billtrail::lql::lint_fix::repair;
use billtrail::lql::{format, parse, print, print_line, words};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let tree = match parse(text) {
        Ok(tree) => tree,
        Err(error) => {
            assert!(text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end));
            assert!(error.render("filter", text).contains(&error.message));
            return;
        }
    };
    for printed in [print(&tree), print_line(&tree)] {
        assert_eq!(parse(&printed).as_ref(), Ok(&tree), "{printed}");
    }
    let formatted = format(text).expect("what parses can be formatted");
    assert_eq!(parse(&formatted).as_ref(), Ok(&tree), "{formatted}");
    assert_eq!(format(&formatted).as_ref(), Ok(&formatted));
    assert!(words(&tree).ends_with('\n'));
    for context in [Context::Query, Context::Sink] {
        for finding in lint(text, &tree, context) {
            assert!(text.is_char_boundary(finding.span.start) && text.is_char_boundary(finding.span.end));
        }
        let (repaired, read, _) = repair(text, &tree, context, true);
        assert_eq!(parse(&repaired), Ok(read), "{repaired}");
    }
});
