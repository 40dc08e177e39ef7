// The pages of the server: what runs in the browser begins here.
import { render } from "preact";
import { App } from "./shell.tsx";
import "uplot/dist/uPlot.min.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/models.css";
import "./styles/try.css";
import "./styles/live.css";
import "./styles/graph.css";

const root = document.getElementById("app");
if (root) render(<App />, root);
