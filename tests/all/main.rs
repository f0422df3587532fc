//! The integration tests: one binary, a module a concern.

#![allow(clippy::unwrap_used, clippy::panic, clippy::float_arithmetic)]

mod docs;
mod readme;
mod samples;
mod vectors;
mod world;
