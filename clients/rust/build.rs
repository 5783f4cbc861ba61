//! Generates the messages of `proto/`, and for each unary rpc its path and answer. No protoc is
//! needed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, error::Error, fs};

use prost_reflect::{DescriptorPool, FieldDescriptor, MessageDescriptor};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Of no use to a client.
const LEFT_OUT: &str = "internal";

fn main() -> Result<()> {
    let root = Path::new("proto");
    println!("cargo:rerun-if-changed=proto");
    let mut files = Vec::new();
    collect(&root.join("ordermesh"), &mut files)?;
    files.sort();
    let mut compiler = protox::Compiler::new([root])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    let pool = DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice())?;
    let redacted: Vec<_> =
        pool.all_messages().filter(|one| one.fields().any(|field| is_redacted(&field))).collect();
    let mut config = prost_build::Config::new();
    config.include_file("messages.rs");
    config.skip_debug(redacted.iter().map(|message| format!(".{}", message.full_name())));
    config.compile_fds(prost_types::FileDescriptorSet {
        file: pool.file_descriptor_protos().cloned().collect(),
    })?;
    let made = [redactions(&redacted)?, commands(&pool)?, rpcs(&pool)?].concat();
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("rpcs.rs"), made)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with(LEFT_OUT) {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

fn is_redacted(field: &FieldDescriptor) -> bool {
    let options = field.options();
    options.get_field_by_name("debug_redact").is_some_and(|set| set.as_bool() == Some(true))
}

/// A message with a secret is shown by its name alone.
fn redactions(messages: &[MessageDescriptor]) -> Result<String> {
    let mut made = String::new();
    for message in messages {
        let (path, name) = (rust_path(message), message.name());
        writeln!(made, "impl std::fmt::Debug for {path} {{")?;
        writeln!(made, "fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{")?;
        writeln!(made, "to.debug_struct({name:?}).finish_non_exhaustive() }} }}")?;
    }
    Ok(made)
}

/// Every request with an idempotency key is a command.
fn commands(pool: &DescriptorPool) -> Result<String> {
    let mut made = String::new();
    let keyed = |one: &MessageDescriptor| {
        one.name().ends_with("Request") && one.get_field_by_name("idempotency_key").is_some()
    };
    for message in ours(pool).filter(keyed) {
        writeln!(made, "impl crate::Command for {} {{", rust_path(&message))?;
        writeln!(made, "fn idempotency_key(&mut self) -> &mut String {{")?;
        writeln!(made, "&mut self.idempotency_key }} }}")?;
    }
    Ok(made)
}

fn rpcs(pool: &DescriptorPool) -> Result<String> {
    let mut made = String::new();
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    for method in methods.filter(|method| !method.is_client_streaming()) {
        let kind = if method.is_server_streaming() { "StreamRpc" } else { "UnaryRpc" };
        let (request, answer) = (rust_path(&method.input()), rust_path(&method.output()));
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        writeln!(made, "impl crate::{kind} for {request} {{")?;
        writeln!(made, "type Answer = {answer};")?;
        writeln!(made, "const PATH: &'static str = {path:?}; }}")?;
    }
    Ok(made)
}

fn ours(pool: &DescriptorPool) -> impl Iterator<Item = MessageDescriptor> + '_ {
    pool.all_messages().filter(|message| message.package_name().starts_with("ordermesh."))
}

/// Names of messages stand in upper camel case in `proto/`, as Rust has them.
fn rust_path(message: &MessageDescriptor) -> String {
    let package = message.package_name().replace(".type.", ".r#type.").replace('.', "::");
    format!("crate::proto::{package}::{}", message.name())
}
