import { LoadingRows } from "../ui/states.tsx";

export function PagePending() {
  return (
    <div className="panel">
      <LoadingRows rows={5} />
    </div>
  );
}
