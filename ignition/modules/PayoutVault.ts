import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/**
 * The vault, on the local chain, Coston2 and Flare alike. What differs is in the parameters:
 * `owner`, `operator`, `guardian` (addresses), `delaySeconds`, `approvers` (addresses) and
 * `assets` (`{ asset, limits: { bucketCapacity, bucketRefill, tiers: [{ above, approvals }] } }`, amounts in minor units;
 * the native coin is the zero address).
 */
export default buildModule("PayoutVault", (m) => {
  const vault = m.contract("PayoutVault", [
    m.getParameter("owner"),
    m.getParameter("operator"),
    m.getParameter("guardian"),
    m.getParameter("delaySeconds"),
    m.getParameter("approvers"),
    m.getParameter("assets"),
  ]);
  return { vault };
});
