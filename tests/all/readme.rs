//! The console blocks of the README run as they stand there, from the root of the repository.
//!
//! `TRYCMD=overwrite cargo test --test all readme` writes the present output into the README.

/// Settings that the environment of whoever runs the tests may hold.
const SETTINGS: [&str; 10] =
    ["CONFIG", "MAP", "PROJECTS", "SERVICES", "TIMEZONE", "THREADS", "MAX_RECORD", "FORMAT", "STRICT", "QUIET"];

#[test]
fn the_console_blocks_of_the_readme_print_what_it_says() {
    let held: Vec<String> = SETTINGS.iter().map(|name| format!("BILLTRAIL_{name}")).collect();
    let held: Vec<&String> = held.iter().filter(|name| std::env::var_os(name).is_some()).collect();
    assert!(held.is_empty(), "unset {held:?}: the README shows what billtrail prints without settings");
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_str().unwrap();
    trycmd::TestCases::new()
        .register_bin("billtrail", std::path::Path::new(env!("CARGO_BIN_EXE_billtrail")))
        .env("HOME", path)
        .env("XDG_CONFIG_HOME", path)
        .case("README.md");
}
