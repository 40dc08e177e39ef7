// A component that is drawn again only when what it is given is other than before.
import { Component, type ComponentChild, h, type JSX } from "preact";

export function memo<P extends object>(view: (props: P) => ComponentChild): (props: P) => JSX.Element {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return (Object.keys(next) as (keyof P)[]).some((name) => next[name] !== this.props[name]);
    }
    override render(): ComponentChild {
      return view(this.props);
    }
  }
  return (props) => h(Memo, props);
}
