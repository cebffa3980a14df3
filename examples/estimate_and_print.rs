//! Estimates a deployment and prints the memory of its first GPU.

use trtllm_memory::{Contributor, DeploymentError, Verdict, estimate, link};

fn main() -> Result<(), DeploymentError> {
    let deployment = link::decode("model=Qwen/Qwen3-32B&gpu=h200&tp_size=2&max_batch_size=64").deployment;
    let report = estimate(&deployment)?;
    if let Some(rank) = report.ranks.first() {
        for contributor in Contributor::ALL {
            println!("{:<24}{:>12}", contributor.label(), rank.figure(contributor).bytes.to_string());
        }
    }
    match report.verdict {
        Verdict::Fits { room, .. } => println!("It fits, and {room} stay free."),
        Verdict::Fails { stage, short, .. } => println!("It fails when {}: {short} are missing.", stage.text()),
    }
    Ok(())
}
