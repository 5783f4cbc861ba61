//! Describes the messages of `proto/`, for requests as proto JSON.

use std::path::PathBuf;
use std::{env, error::Error, fs};

const FILES: [&str; 1] = ["ordermesh/oms/v1/order_service.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=../proto");
    let mut compiler = protox::Compiler::new(["../proto"])?;
    compiler.include_imports(true).open_files(FILES)?;
    fs::write(
        PathBuf::from(env::var("OUT_DIR")?).join("described.bin"),
        compiler.encode_file_descriptor_set(),
    )?;
    Ok(())
}
