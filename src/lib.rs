//! Predicts where the memory of each GPU goes in a [TensorRT-LLM] deployment, before anything is
//! built or rented.
//!
//! A [`Deployment`] is a configuration: a model, a GPU, and settings under TensorRT-LLM's own
//! names. [`estimate`] returns a [`Report`]: for each GPU the bytes of weights, activations,
//! runtime buffers, decoder buffers, KV cache and overhead, each with an error band. Its
//! [`Verdict`] tells whether the deployment fits. [`explain`] returns the same figures as formulas
//! with their inputs and sources.
//!
//! Nothing runs on a GPU and nothing is downloaded: a report takes about a microsecond.
//!
//! [TensorRT-LLM]: https://github.com/NVIDIA/TensorRT-LLM
//!
//! # Example
//!
//! ```
//! use trtllm_memory::{Contributor, Deployment, estimate};
//!
//! // Llama 3.1 8B on one H100, with TensorRT-LLM's defaults.
//! let report = estimate(&Deployment::default())?;
//! let rank = &report.ranks[0];
//! assert!(report.verdict.fits());
//! assert_eq!(rank.figure(Contributor::Weights).bytes.to_string(), "14.96 GiB");
//! # Ok::<(), trtllm_memory::DeploymentError>(())
//! ```
//!
//! # Cookbook
//!
//! * [Estimate a deployment](#estimate-a-deployment)
//! * [Read a share link](#read-a-share-link)
//! * [Explain a figure](#explain-a-figure)
//! * [Search for a deployment](#search-for-a-deployment)
//! * [Read a log](#read-a-log)
//! * [Use a custom model](#use-a-custom-model)
//! * [Use a custom GPU](#use-a-custom-gpu)
//!
//! ## Estimate a deployment
//!
//! Unset settings have TensorRT-LLM's defaults. An invalid deployment has no report; the error
//! names all of its problems at once, each with the setting and the remedy.
//!
//! ```
//! use trtllm_memory::{Bytes, Verdict, estimate, link};
//!
//! let mut deployment = link::decode("model=Qwen/Qwen3-32B&gpu=h200&tp_size=2").deployment;
//! let report = estimate(&deployment)?;
//! match report.verdict {
//!     Verdict::Fits { room, .. } => assert!(room > Bytes::from_mib(1024)),
//!     Verdict::Fails { stage, short, .. } => panic!("{short} short when {}", stage.text()),
//! }
//! assert_eq!(report.ranks.len(), 2);
//!
//! deployment = link::decode("model=Qwen/Qwen3-32B&tp_size=3").deployment;
//! let error = estimate(&deployment).unwrap_err();
//! assert_eq!(error.0[0].field, "tp_size");
//! # Ok::<(), trtllm_memory::DeploymentError>(())
//! ```
//!
//! ## Read a share link
//!
//! The address of the calculator's page is the configuration: `key=value` pairs after `#`, only
//! those that differ from the defaults of the link's version. [`link::decode`] never fails: it
//! ignores invalid parts and lists them. [`link::encode`] returns the shortest link of a
//! deployment.
//!
//! ```
//! use trtllm_memory::link;
//!
//! let decoded = link::decode("https://example.org/#v=2&model=meta-llama/Llama-2-7b-hf&color=red");
//! assert_eq!(decoded.problems[0].key, "color");
//! assert_eq!(link::encode(&decoded.deployment), "v=2&model=meta-llama/Llama-2-7b-hf");
//! ```
//!
//! ## Explain a figure
//!
//! An [`Explanation`](memory::Explanation) is a tree: each part has its formula in symbols, the
//! same formula with figures, its inputs, and the source of its law.
//!
//! ```
//! use trtllm_memory::{Contributor, Deployment, explain};
//!
//! let explained = explain(&Deployment::default(), 0)?;
//! let (contributor, weights) = &explained[0];
//! assert_eq!(*contributor, Contributor::Weights);
//! assert_eq!(weights.text, "14.96 GiB");
//! assert!(weights.parts.iter().any(|part| part.label == "mlp.fc.weight, 32 layers"));
//! # Ok::<(), trtllm_memory::DeploymentError>(())
//! ```
//!
//! ## Search for a deployment
//!
//! [`explore`] asks questions of many estimates: [searches](explore::search),
//! [sweeps](explore::sweep), [limits](explore::solve), [advice](explore::advise) and
//! [comparisons](explore::compare).
//!
//! ```
//! use trtllm_memory::explore::Load;
//! use trtllm_memory::explore::search::{Search, Space};
//! use trtllm_memory::{Deployment, gpu};
//!
//! let load = Load { concurrency: 64, input_len: 2000, output_len: 500 };
//! let base = Deployment::default();
//! let cards = ["l40s", "h200"].into_iter().filter_map(gpu::find).collect();
//! let mut search = Search::new(&base, load, Space::on(cards, base.backend));
//! search.step(usize::MAX);
//! let fewest = search.found().iter().map(|candidate| candidate.gpus).min();
//! assert_eq!(fewest, Some(1));
//! ```
//!
//! ## Read a log
//!
//! [`log::read`] takes the log of a start of TensorRT-LLM. [`log::explain`] compares the figures
//! in it with the predicted ones, and diagnoses a failed start.
//!
//! ```
//! use trtllm_memory::{Bytes, Contributor, log};
//!
//! let text = b"[TensorRT-LLM][INFO] [MemUsageChange] Allocated 43.29 MB GPU memory \
//!     for runtime buffers.\n";
//! let reading = log::read(text);
//! let measured = reading.ranks[0].size(Contributor::RuntimeBuffers).map(|size| size.bytes);
//! assert_eq!(measured, Some(Bytes::rounded(43.29 * 1024.0 * 1024.0)));
//! let explained = log::explain(reading);
//! assert!(explained.diagnosis.is_none());
//! ```
//!
//! ## Use a custom model
//!
//! [`import`] reads a Hugging Face `config.json`, the `config.json` of an engine or a checkpoint,
//! and the header of a `.safetensors` file.
//!
//! ```
//! use trtllm_memory::import::model_file;
//! use trtllm_memory::{Deployment, estimate};
//!
//! let config = br#"{
//!     "model_type": "llama", "hidden_size": 2048, "intermediate_size": 5632,
//!     "num_hidden_layers": 22, "num_attention_heads": 32, "num_key_value_heads": 4,
//!     "vocab_size": 32000, "max_position_embeddings": 2048, "torch_dtype": "bfloat16"
//! }"#;
//! let file = model_file::read(config, "config.json")?;
//! let mut deployment = Deployment::default();
//! file.apply(&mut deployment);
//! assert_eq!(estimate(&deployment)?.parameters, 1_100_048_384);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## Use a custom GPU
//!
//! A [`GpuRef`](gpu::GpuRef) refers to a card of the catalogue or to one of your own. If only the
//! memory of a card differs from the catalogue, `gpu_memory_gib` is enough: the total that CUDA
//! reports.
//!
//! ```
//! use trtllm_memory::gpu::{self, Gpu, GpuRef};
//! use trtllm_memory::{Bytes, Deployment, estimate, link};
//!
//! let memory = Bytes::from_gib(95.0);
//! let h200 = gpu::find("h200").ok_or("no such card")?;
//! let slice = Gpu { id: "h200-slice", name: "H200 slice", memory, ..h200.clone() };
//! let deployment = Deployment { gpu: GpuRef::custom(slice), ..Deployment::default() };
//! assert_eq!(estimate(&deployment)?.ranks[0].total, memory);
//!
//! let deployment = link::decode("gpu=h100&gpu_memory_gib=93.1").deployment;
//! assert_eq!(estimate(&deployment)?.ranks[0].total, Bytes::from_gib(93.1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Glossary
//!
//! * A *contributor* is one of the six parts of a GPU's memory, see [`Contributor`].
//! * A *law* is a formula for one of them, with its evidence, its band of error and its source, see
//!   [`memory::Law`].
//! * A *rank* is one process of the deployment, and has one GPU.
//! * A *setting* is an option of TensorRT-LLM; its *key* is its name in links.
//!   [`deployment::SETTINGS`] is the table of all settings.
//! * *Resolving* applies TensorRT-LLM's defaults and corrections to what the user chose:
//!   [`Deployment::resolve`] returns the values that TensorRT-LLM would use.
//!
//! `docs/architecture.md` in the repository has the whole glossary, and the order of the modules.
//!
//! # Features
//!
//! Every feature only adds. With `default-features = false` the library estimates, searches, and
//! reads links, model files and logs, and depends on `serde`, `serde_json`, `thiserror`,
//! `form_urlencoded` and `regex-lite` alone.
//!
//! * `cli` (default) builds the command `trtllm-memory`, and the readers of measurement files. It
//!   turns on the next four.
//! * `explanations` adds the texts beside the figures: meanings, evidence, messages about links,
//!   suggestions for misspelt names, and the repair of damaged links. Without it these texts are
//!   empty.
//! * `catalogues` puts the whole catalogues of models, GPUs and presets into the program. Without
//!   it only the default row of each is known, unless the program calls [`architecture::provide`],
//!   [`gpu::provide`] and [`deployment::presets::provide`].
//! * `chart` adds `chart`, which draws reports as SVG.
//! * `export` adds tables and the commands that start a deployment.
//! * `panels`, `web` and `worker` build the calculator's page. They are no interface for other
//!   crates.

pub mod accuracy;
pub mod architecture;
mod catalogue;
#[cfg(feature = "chart")]
pub mod chart;
pub mod deployment;
mod explanation_text;
pub mod explore;
pub mod export;
pub mod gpu;
pub mod import;
pub mod link;
pub mod log;
pub mod memory;
mod named_values;
#[cfg(feature = "panels")]
mod panels;
#[cfg(any(feature = "panels", feature = "web"))]
#[doc(hidden)]
pub mod protocol;
pub mod quantization;
#[cfg(feature = "explanations")]
mod suggest;
#[doc(hidden)]
pub mod testing;
mod text;
pub mod units;
#[cfg(feature = "web")]
mod web;
#[cfg(feature = "panels")]
#[doc(hidden)]
pub mod worker;

pub use deployment::{Deployment, DeploymentError, Version};
pub use memory::{Contributor, Report, Verdict, estimate, explain};
pub use units::Bytes;

// The entry point of the page's program.
#[cfg(feature = "web")]
#[doc(hidden)]
pub use web::start;
