// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPayoutVault} from "../interfaces/IPayoutVault.sol";

/// @title What limits mean, what makes them valid, and when new ones allow more than old ones.
library LimitRules {
    uint256 private constant MAX_TIERS = 8;

    function approvalsFor(IPayoutVault.Tier[] memory tiers, uint256 amount) internal pure returns (uint256 approvals) {
        for (uint256 i = 0; i < tiers.length && amount >= tiers[i].above; i++) {
            approvals = tiers[i].approvals;
        }
    }

    function check(IPayoutVault.Limits memory next) internal pure {
        IPayoutVault.Tier[] memory tiers = next.tiers;
        if (tiers.length > MAX_TIERS) revert IPayoutVault.InvalidLimits();
        if (tiers.length == 0 && (next.bucketCapacity != 0 || next.bucketRefill != 0)) revert IPayoutVault.InvalidLimits();
        for (uint256 i = 0; i < tiers.length; i++) {
            if (tiers[i].approvals == 0) revert IPayoutVault.InvalidLimits();
            if (i == 0) continue;
            if (tiers[i].above <= tiers[i - 1].above) revert IPayoutVault.InvalidLimits();
            if (tiers[i].approvals <= tiers[i - 1].approvals) revert IPayoutVault.InvalidLimits();
        }
    }

    /// @dev Required approvals are a step function that only rises, so it suffices to compare at the old steps. The
    /// first step's count is compared too: it is what `payApproved` asks for below the first tier.
    function loosens(IPayoutVault.Limits memory old, IPayoutVault.Limits memory next) internal pure returns (bool) {
        if (next.tiers.length == 0) return false;
        if (old.tiers.length == 0) return true;
        if (next.bucketCapacity > old.bucketCapacity || next.bucketRefill > old.bucketRefill) return true;
        if (next.tiers[0].approvals < old.tiers[0].approvals) return true;
        for (uint256 i = 0; i < old.tiers.length; i++) {
            if (approvalsFor(next.tiers, old.tiers[i].above) < old.tiers[i].approvals) return true;
        }
        return false;
    }
}
