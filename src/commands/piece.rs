//! `billtrail ledger --look`, `--keyed`, `--seal` and `--assemble`: what an engine needs that reads logs in pieces and puts
//! together what they tell.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::Serialize;

use super::intake::say_rejected;
use super::kept::problem_word;
use super::notes::Notes;
use super::reading::{Known, Manner, Reading, catalogue};
use super::{Ending, Failure, documents, output, stats, tables};
use crate::cli::piece::PieceArgs;
use crate::cli::settings::Settings;
use crate::cli::{LedgerArgs, OutputArgs};
use crate::ingest::{self, Extent, Listing, Place};
use crate::ledger::{self, Assembly, FORMAT_VERSION, KeptProblem, LedgerError, Part, PieceReport, Tool};
use crate::report::safe;

/// Does what an engine asks for; `None` when nobody asks.
pub(super) fn run(args: &LedgerArgs) -> Result<Option<Ending>, Failure> {
    let PieceArgs { look, keyed, piece_input: _, piece: _, piece_offset, piece_length: _, seal, assemble } =
        &args.piece;
    let own = Settings::resolve(&args.logs, &OutputArgs::default(), &|name| std::env::var(name).ok());
    let ending = match (keyed, &args.output) {
        _ if *look => self::look(args, &own?)?,
        (Some(file), _) => self::keyed(args, &own?, file)?,
        (None, _) if piece_offset.is_some() => {
            return Err(Failure::Usage("--piece-offset: this is about --keyed, which is missing".to_owned()));
        }
        (None, Some(directory)) if *seal => {
            print(&ledger::seal(one_input(args)?, directory)?)?;
            Ending::Done
        }
        (None, Some(directory)) if *assemble => self::assemble(args, &own?, directory)?,
        (None, _) => return Ok(None),
    };
    Ok(Some(ending))
}

/// Prints one line of JSON.
fn print(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(io::Error::other)?;
    output::write_to(None, &mut |out| writeln!(out, "{text}"))?;
    Ok(())
}

/// The only input, which is no log and so not listed as one.
fn one_input(args: &LedgerArgs) -> Result<&Path, Failure> {
    match args.logs.inputs.as_slice() {
        [input] if args.logs.files_from.is_none() => Ok(Path::new(input)),
        _ => Err(Failure::Usage("a piece is one input; give one".to_owned())),
    }
}

fn open(path: &Path) -> Result<Box<dyn Read + Send>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin()));
    }
    let file = File::open(path).map_err(|error| Failure::File { path: path.display().to_string(), error })?;
    Ok(Box::new(file))
}

#[derive(Serialize)]
struct Look {
    lines_from: Option<u64>,
}

fn look(args: &LedgerArgs, settings: &Settings) -> Result<Ending, Failure> {
    let path = one_input(args)?;
    let lines_from = ingest::lines_from(open(path)?, settings.max_record.value)
        .map_err(|error| Failure::File { path: path.display().to_string(), error })?;
    print(&Look { lines_from })?;
    Ok(Ending::Done)
}

fn keyed(args: &LedgerArgs, settings: &Settings, file: &Path) -> Result<Ending, Failure> {
    let PieceArgs { piece_input: input, piece, piece_offset, piece_length, .. } = args.piece;
    let provider = tables::provider(settings.services.value.as_deref())?;
    let catalogue = catalogue(settings)?;
    let extent = piece_offset.zip(piece_length).map(|(offset, length)| Extent { offset, length });
    one_input(args)?;
    let mut choose = |listing: &mut Listing| {
        let [only] = listing.inputs.as_mut_slice() else {
            return Err(Failure::Usage("--keyed reads one log; give a file, or `-` for standard input".to_owned()));
        };
        match (extent, &only.place) {
            (Some(extent), Place::Stdin) => only.place = Place::Extent(extent),
            (Some(_), Place::File(_) | Place::Object(_) | Place::Extent(_)) => {
                return Err(Failure::Usage(format!("{}: --piece-offset is about standard input", only.name)));
            }
            (None, _) => {}
        }
        Ok(Known::new())
    };
    let manner = Manner { piece: true, ..Manner::default() };
    let reading = Reading::of(&args.logs, settings, &provider, manner, Some(&mut choose))?;
    let Reading { mut intake, mut summary, meter, threads, .. } = reading;
    let Some(read) = summary.inputs.pop() else {
        return Err(Failure::Usage("--keyed reads one log; there is none".to_owned()));
    };
    let Notes { diagnostics, rejected } = intake.take_notes();
    let (taken, ledger) = intake.into_parts(1);
    let rows = ledger.write_keyed(input, piece, threads, file)?;
    let problem = read.problem.map(|problem| KeptProblem { kind: problem_word(problem.kind), why: problem.why });
    print(&PieceReport {
        format_version: FORMAT_VERSION,
        tool: Tool::own(),
        catalogue_digest: catalogue.digest,
        input,
        piece,
        offset: piece_offset.unwrap_or(0),
        length: piece_length,
        bytes: read.bytes,
        line_breaks: read.line_breaks.unwrap_or(0),
        rows,
        records: read.records,
        problem,
        taken: taken.into_iter().next().unwrap_or_default(),
        notes: diagnostics,
        rejected,
    })?;
    stats::count_spills(&meter, ledger.counts());
    stats::say(args.logs.stats, &meter, threads);
    Ok(Ending::Done)
}

fn assemble(args: &LedgerArgs, settings: &Settings, directory: &Path) -> Result<Ending, Failure> {
    let path = one_input(args)?;
    let catalogue = catalogue(settings)?;
    let mut assembly = Assembly::default();
    for (number, line) in BufReader::new(open(path)?).lines().enumerate() {
        let line = line.map_err(|error| Failure::File { path: path.display().to_string(), error })?;
        let part: Part = serde_json::from_str(&line)
            .map_err(|error| LedgerError::Pieces(format!("{}:{}: {error}", path.display(), number + 1)))?;
        assembly.add(part)?;
    }
    let mut assembled = assembly.finish(catalogue.name, catalogue.digest)?;
    assembled.write(directory)?;
    let inputs = &assembled.manifest.inputs;
    for input in inputs {
        if let Some(problem) = &input.problem {
            anstream::eprintln!("billtrail: error: {}: {}", safe(&input.path), safe(&problem.why));
        }
    }
    let rejected: u64 = inputs.iter().flat_map(|input| input.taken.rejected.values()).sum();
    if !settings.quiet.value {
        let shown = assembled
            .rejected
            .iter()
            .map(|(path, record)| (format!("{path}:{}", record.line), record.offset, record.detail.as_str()));
        say_rejected(shown, rejected);
    }
    let incomplete = inputs.iter().any(|input| input.problem.is_some());
    Ok(documents::ending(incomplete, settings.strict.value && rejected > 0))
}
