//! `aegis demo`: the gateway, a demo tool server behind it, and a sample policy; nothing else needed.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, Result};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::app::{App, ConfigSource, Options, load, new_key};
use crate::cli::command::Demo;
use crate::cli::{output, serve};
use crate::control::Access;
use crate::demo;
use crate::proxy::ListeningAt;
use crate::telemetry::{LogFormat, init_logging};

const CONFIG: &str = include_str!("../../config/demo.yaml");
const RULES: &str = include_str!("../../config/policies/demo.yaml");

pub(super) fn run(arguments: &Demo) -> Result<ExitCode> {
    init_logging("warn", LogFormat::Text)?;
    let tools =
        Builder::new_multi_thread().worker_threads(1).thread_name("demo-tools").enable_all().build()?;
    let (tool_address, stop_tools) = start_tools(&tools)?;
    let agent_key = new_key();
    let source = source(arguments, tool_address, &agent_key);
    let loaded = load(&source)?;
    let app = App::start(Options::gateway(source, Access::OpenOnLoopback), &loaded).with_context(|| {
        "the demo could not start (are its ports taken? choose others with --port and --proxy-port, 0 = any)"
    })?;
    let ledger = app.ledger_directory().display().to_string();
    output::line(&format!("demo tools listening on http://{tool_address} (behind the gateway)"));
    serve::announce(&app);
    for line in lines_to_try(&app, &agent_key) {
        output::line(&line);
    }
    output::line("ready");
    app.run()?;
    let _tools_gone = stop_tools.send(());
    tools.shutdown_background();
    output::line(&format!(
        "\nThe ledger is in {ledger}. Check it with: {} audit verify {ledger}",
        own_path()
    ));
    Ok(ExitCode::SUCCESS)
}

fn start_tools(runtime: &Runtime) -> Result<(SocketAddr, oneshot::Sender<()>)> {
    let (stop, stopped) = oneshot::channel::<()>();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0)))
        .context("the demo tools cannot listen on the loopback")?;
    let address = listener.local_addr()?;
    runtime.spawn(demo::serve(listener, async {
        let _sender_gone = stopped.await;
    }));
    Ok((address, stop))
}

fn source(arguments: &Demo, tools: SocketAddr, agent_key: &str) -> ConfigSource {
    let hash = HEXLOWER.encode(&Sha256::digest(agent_key));
    let set = |name: &str, value: String| (name.to_owned(), value);
    ConfigSource::Embedded {
        name: "demo.yaml",
        config: CONFIG,
        rules: RULES,
        overrides: vec![
            set("AEGIS_CONTROL__LISTEN", format!("127.0.0.1:{}", arguments.port)),
            set("AEGIS_CONTROL__KEYS__0__HASH", format!("sha256:{hash}")),
            set("AEGIS_GATEWAY__LISTEN__0__ADDRESS", format!("127.0.0.1:{}", arguments.proxy_port)),
            set("AEGIS_ROUTES__0__UPSTREAM__ADDRESSES__0", tools.to_string()),
            set("AEGIS_ROUTES__1__UPSTREAM__ADDRESSES__0", tools.to_string()),
        ],
        base: arguments.data_dir.clone(),
    }
}

/// How this program can be called again: `cargo run` puts it on no search path.
fn own_path() -> String {
    std::env::current_exe().map_or_else(|_| "aegis".to_owned(), |path| path.display().to_string())
}

/// What a newcomer can paste into other terminals.
fn lines_to_try(app: &App, agent_key: &str) -> Vec<String> {
    let gateway = app.gateway_addresses().first().map(ListeningAt::to_string).unwrap_or_default();
    let control = format!("http://{}", app.control_address());
    let ledger = app.ledger_directory().display();
    let aegis = own_path();
    let mcp = |tool: &str, arguments: &str| {
        format!(
            "  curl -s {gateway}/mcp -H 'X-Api-Key: {agent_key}' -H 'Content-Type: application/json' -H 'Accept: application/json' \\\n    -d '{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"{tool}\",\"arguments\":{arguments}}}}}'"
        )
    };
    vec![
        format!("the demo agent's key is {agent_key}"),
        "\nTry, in a second terminal:".to_owned(),
        "\n  # a read goes through to the tool".to_owned(),
        format!("  curl -s {gateway}/crm/contacts/1001"),
        "\n  # a delete is blocked, and says by which rule".to_owned(),
        format!("  curl -s -X DELETE {gateway}/crm/contacts/1001"),
        "\n  # the same over MCP".to_owned(),
        mcp("read_file", "{\"path\":\"handbook/refunds.md\"}"),
        mcp("delete_file", "{\"path\":\"handbook/refunds.md\"}"),
        "\n  # a refund of 49.00 waits for a person: 4 seconds, then the answer says how to go on".to_owned(),
        format!(
            "  curl -s {gateway}/crm/refunds -H 'X-Api-Key: {agent_key}' -H 'Content-Type: application/json' \\\n    -d '{{\"contact\":\"1001\",\"amount_cents\":4900,\"reason\":\"late\"}}'"
        ),
        "\n  # in a third terminal: which calls wait, and a yes to this one (its hold_id is in the answer)".to_owned(),
        format!("  {aegis} holds list --url {control}"),
        format!("  {aegis} holds approve HOLD_ID --url {control}"),
        "\n  # the same refund again goes through, once; after that, each needs a yes of its own. So does mail:"
            .to_owned(),
        mcp("send_email", "{\"to\":\"ada@example.com\",\"subject\":\"Hello\",\"body\":\"From the demo\"}"),
        "\n  # what was recorded, and that nobody changed it since".to_owned(),
        format!("  {aegis} audit tail {ledger}"),
        format!("  {aegis} audit verify {ledger}"),
        "\nStop with Ctrl-C.\n".to_owned(),
    ]
}
