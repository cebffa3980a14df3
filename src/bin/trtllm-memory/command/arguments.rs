//! The command line.

use super::{advise, compare, export, help, search, solve, sweep};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use trtllm_memory::units::Units;

/// Says where the memory of each GPU goes in a TensorRT-LLM deployment, before anything is built or rented.
///
/// A deployment is a share link of the calculator's page, or the part of it behind the `#`: `key=value` pairs joined by `&`,
/// only what differs from the defaults. The answer is the memory of every GPU as weights, activations, runtime buffers,
/// decoder buffers, KV cache and overhead, whether it fits, and how many tokens the KV cache holds.
#[derive(Debug, Parser)]
#[command(name = "trtllm-memory", version, after_long_help = help::more())]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    /// The units of sizes that people read: binary GiB, or decimal GB. JSON and CSV are in bytes.
    #[arg(long, global = true, default_value_t)]
    pub units: Units,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// How the memory of each GPU is used, and whether it fits.
    ///
    /// Exits with 0 if the deployment fits, 1 if it does not and 2 if the input is bad: a value that its key can't have, or a
    /// combination that TensorRT-LLM, the model or the GPU can't do. Unknown keys are ignored with a warning.
    #[command(after_long_help = help::more())]
    Estimate {
        /// A share link of any host, `#…`, or its fragment alone; quote it, for the shell knows `&` and `#`.
        #[arg(required_unless_present = "hf_config")]
        link: Option<String>,
        /// Take the model from its file: a Hugging Face config.json, the start of a .safetensors file, or a TensorRT-LLM
        /// checkpoint's or engine's config.json with all its settings. What the link says goes before it.
        #[arg(long, value_name = "FILE")]
        hf_config: Option<PathBuf>,
        /// Print JSON; sizes are bytes. Bad input is in its `errors`.
        #[arg(long)]
        json: bool,
        /// Say why each size is what it is: formula, figures, inputs and sources.
        #[arg(long)]
        explain: bool,
    },
    /// The fullest GPU over the values of one setting.
    Sweep(sweep::Arguments),
    /// How far a setting goes until the deployment no longer fits, or no longer runs a load; how many sequences run at once.
    ///
    /// Exits with 1 if no value fits.
    Solve(solve::Arguments),
    /// Every deployment of a model that runs a load, over GPUs, ranks and precisions.
    ///
    /// Each is built for the load: `max_batch_size`, `max_seq_len`, and where a prompt needs it `max_num_tokens`, are just enough.
    /// The concurrency is what its KV cache holds. Exits with 1 if there is none.
    Search(search::Arguments),
    /// The single changes that make a deployment fit, or the limits that take memory for nothing.
    ///
    /// Run-time changes come before rebuilds, rebuilds before more GPUs. Exits with 1 if the deployment doesn't fit as it is.
    Advise(advise::Arguments),
    /// What differs between two deployments, contributor by contributor.
    Compare(compare::Arguments),
    /// What starts this deployment: checkpoint, build, server, Python.
    Commands(export::CommandsArguments),
    /// The memory of each GPU as SVG.
    Chart(export::ChartArguments),
    /// The memory of each GPU as a table, in Markdown or CSV.
    Table(export::TableArguments),
    /// What a log of TensorRT-LLM says: each measured size beside its prediction, and why a start failed.
    ///
    /// Logs of trtllm-build, the engine runtime from 0.5 on, the PyTorch backend and Triton, of one rank or of several at once,
    /// whole or in part. Exits with 0, with 1 if the log ends out of memory, and with 2 if it says nothing of memory.
    Log {
        /// The log; `-` reads the standard input.
        file: PathBuf,
        /// Print JSON; sizes are bytes.
        #[arg(long)]
        json: bool,
    },
    /// The models of the catalogue.
    Models {
        /// Print JSON, with exact numbers of parameters.
        #[arg(long)]
        json: bool,
    },
    /// The GPUs of the catalogue, with the memory that CUDA reports.
    Gpus {
        /// Print JSON, with exact sizes in bytes.
        #[arg(long)]
        json: bool,
    },
    /// How near the laws come to real measurements.
    ///
    /// Reads deployments with the figures that their logs printed, and says for each contributor how many cases there are and how far
    /// the laws are off: median, 90th percentile and worst. A case counts if every setting that its law needs is known; the others are
    /// listed, with the reason. What a file holds is seen by its content: JSON lines of deployments, tables (CSV) of execution
    /// contexts, of capacities or of PyTorch runs, or a table like the project's own.
    Validate {
        /// The files; without any, the measurements that come with the project.
        files: Vec<PathBuf>,
        /// Print JSON; errors are fractions, sizes are bytes.
        #[arg(long)]
        json: bool,
    },
}
