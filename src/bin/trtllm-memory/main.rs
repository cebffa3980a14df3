mod validate;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let files: Vec<_> = arguments.iter().filter(|argument| *argument != "--json").map(Into::into).collect();
    match validate::run(&files, json) {
        Ok(text) => print!("{text}"),
        Err(error) => eprintln!("{error}"),
    }
}
