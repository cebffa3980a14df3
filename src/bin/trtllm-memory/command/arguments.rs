//! The command line.

use super::{advise, compare, estimate, export, help, search, solve, sweep};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use trtllm_memory::units::Units;

/// Predicts where the memory of each GPU goes in a TensorRT-LLM deployment, before you build or
/// rent anything.
///
/// A deployment is given as a share link of the calculator's page, or as the part after its `#`:
/// `key=value` pairs joined by `&`, with only those that differ from the defaults. The answer is
/// the memory of each GPU by contributor (weights, activations, runtime buffers, decoder buffers,
/// KV cache, overhead), whether the deployment fits, and the number of tokens that the KV cache
/// holds.
#[derive(Debug, Parser)]
#[command(name = "trtllm-memory", version, after_long_help = help::more())]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    /// The unit of sizes in texts: binary GiB or decimal GB. JSON and CSV are always in bytes.
    #[arg(long, global = true, default_value_t)]
    pub units: Units,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Estimates the memory of each GPU, and whether the deployment fits.
    ///
    /// Exits with 0 if the deployment fits, with 1 if it does not, and with 2 if the input is
    /// invalid: a value that its key cannot have, or a combination that TensorRT-LLM, the model or
    /// the GPU does not support. Unknown keys are ignored with a warning.
    #[command(after_long_help = help::more())]
    Estimate(estimate::Arguments),
    /// Shows the fullest GPU for a range of values of one setting.
    Sweep(sweep::Arguments),
    /// Finds the limits of a setting within which the deployment fits, or the number of sequences
    /// that run at once.
    ///
    /// Exits with 1 if no value fits.
    Solve(solve::Arguments),
    /// Searches GPUs, ranks and precisions for the deployments of a model that run a load.
    ///
    /// Each deployment is built for the load: `max_batch_size`, `max_seq_len` and, if a prompt
    /// needs it, `max_num_tokens` are just large enough. Its concurrency is the number of sequences
    /// that its KV cache holds. Exits with 1 if no deployment runs the load.
    Search(search::Arguments),
    /// Lists single changes that make a deployment fit, or limits that are larger than the load
    /// needs.
    ///
    /// Run-time changes come before rebuilds, and rebuilds before more GPUs. Exits with 1 if the
    /// unchanged deployment does not fit.
    Advise(advise::Arguments),
    /// Compares two deployments, contributor by contributor.
    Compare(compare::Arguments),
    /// Prints the commands and files that start a deployment: checkpoint, build, server, Python.
    Commands(export::CommandsArguments),
    /// Draws the memory of each GPU as SVG.
    Chart(export::ChartArguments),
    /// Prints the memory of each GPU as a table, in Markdown or CSV.
    Table(export::TableArguments),
    /// Compares the sizes that a log of TensorRT-LLM prints with the predicted ones, and explains a
    /// failed start.
    ///
    /// Reads logs of trtllm-build, of the engine runtime since 0.5, of the PyTorch backend and of
    /// Triton, with one rank or several, complete or in part. Exits with 0, with 1 if the log ends
    /// out of memory, and with 2 if it has no line about memory or settings.
    Log {
        /// The log; `-` reads standard input.
        file: PathBuf,
        /// Print JSON; sizes are bytes. Invalid input is in `errors`.
        #[arg(long)]
        json: bool,
    },
    /// Lists the models of the catalogue.
    Models {
        /// Print JSON with exact numbers of parameters.
        #[arg(long)]
        json: bool,
    },
    /// Lists the GPUs of the catalogue, with the memory that CUDA reports.
    Gpus {
        /// Print JSON with exact sizes in bytes.
        #[arg(long)]
        json: bool,
    },
    /// Compares the predictions with real measurements.
    ///
    /// Reads deployments with the figures that their logs printed. Prints for each contributor the
    /// number of cases and the errors: median, 90th percentile and worst. A figure is a case if
    /// every setting that its prediction needs is known; the others are listed with the reason. The
    /// format of a file is detected by its content: JSON lines of deployments, CSV tables of
    /// execution contexts, capacities or PyTorch runs, or a table like the project's own.
    Validate {
        /// Files of measurements; by default those that come with the project.
        files: Vec<PathBuf>,
        /// Print JSON; errors are fractions, sizes are bytes.
        #[arg(long)]
        json: bool,
    },
}
