//! Reasons for which figures are not compared.

use crate::deployment::DeploymentError;
use crate::link::LinkProblem;

/// The reason for which a figure, a measurement or a line of a file is not compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Exclusion {
    /// The source doubts its own figures; with the words that show it.
    #[error("the source says that the figures may not belong to the configuration ({0})")]
    Suspect(&'static str),
    /// AutoDeploy ran the model.
    #[error("AutoDeploy is not modelled")]
    AutoDeploy,
    /// A value that TensorRT-LLM may have and the library does not model.
    #[error("{key} {value:?} is not modelled")]
    NotModelled {
        /// The key of the setting.
        key: &'static str,
        /// The value, as written.
        value: String,
    },
    /// A version before the first one that is modelled in full.
    #[error("TensorRT-LLM before {0} is modelled for weights and activations only")]
    OldVersion(&'static str),
    /// A model that the catalogue lacks.
    #[error("the model {0:?} is not in the catalogue")]
    UnknownModel(String),
    /// A GPU that the catalogue lacks.
    #[error("{0:?} is not in the catalogue")]
    UnknownGpu(String),
    /// A GPU whose name and printed memory contradict each other.
    #[error("{name:?} does not have the {printed_gib:.2} GiB that the log prints")]
    GpuMemory {
        /// The name, as written.
        name: String,
        /// The total memory that the log prints, in GiB.
        printed_gib: f64,
    },
    /// A name that several GPUs of the catalogue have.
    #[error("{name:?} may be any of {candidates}")]
    AmbiguousGpu {
        /// The name, as written.
        name: String,
        /// The names of those GPUs.
        candidates: String,
    },
    /// A value that the setting cannot have.
    #[error("{key} {value:?} {problem}")]
    InvalidValue {
        /// The key of the setting.
        key: String,
        /// The value, as written.
        value: String,
        /// The problem, and the values that the setting can have.
        problem: String,
    },
    /// A link that is not fully understood.
    #[error(transparent)]
    Link(#[from] LinkProblem),
    /// A deployment that TensorRT-LLM, the model or the GPU cannot run.
    #[error("invalid deployment: {}", .0.to_string().replace('\n', "; "))]
    InvalidDeployment(#[from] DeploymentError),
    /// Settings that are unknown and change the prediction.
    #[error("not known: {0}")]
    UnknownSettings(String),
    /// A figure that other figures are needed for, which are unknown.
    #[error("{0}")]
    Incomplete(&'static str),
    /// A figure that includes more than its contributor; with the reason.
    #[error("{0}")]
    Mixed(&'static str),
    /// A figure that is zero, negative or infinite.
    #[error("the figure is not a positive number")]
    NotPositive,
    /// A measurement without figures that are compared.
    #[error("it has no figure that is compared")]
    NoFigure,
    /// A report without ranks.
    #[error("the deployment has no rank")]
    NoRank,
    /// A prediction without memory for a KV cache.
    #[error("the prediction leaves no memory for a KV cache")]
    NoKvCache,
    /// A measurement that another file has too.
    #[error("another file has this measurement")]
    Duplicate,
    /// A line that is not JSON; with the parser's message.
    #[error("the line is not JSON: {0}")]
    NotJson(String),
    /// A line whose JSON is not an object.
    #[error("the line is not a JSON object")]
    NotAnObject,
    /// A file of another format.
    #[error("the file is neither JSON lines of deployments nor one of the known tables")]
    UnknownFormat,
    /// A line with more fields than the header.
    #[error("the line has {fields} fields, but the header has {columns}")]
    TooManyFields {
        /// The fields of the line.
        fields: usize,
        /// The columns of the header.
        columns: usize,
    },
    /// A line without the columns of the header.
    #[error("the line does not have the four columns of the header")]
    MissingColumns,
}
