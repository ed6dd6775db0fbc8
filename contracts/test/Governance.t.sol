// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IPayoutVault} from "../interfaces/IPayoutVault.sol";
import {LimitRules} from "../libraries/LimitRules.sol";
import {Base} from "./Base.t.sol";

contract GovernanceTest is Base {
    bytes32 private constant APPROVERS_CHANGE = keccak256("approvers");

    function nativeChange() private pure returns (bytes32) {
        return keccak256(abi.encode("limits", NATIVE));
    }

    function tierList(uint96[3] memory above, uint8[3] memory approvals, uint256 count)
        private
        pure
        returns (IPayoutVault.Tier[] memory tiers)
    {
        tiers = new IPayoutVault.Tier[](count);
        for (uint256 i = 0; i < count; i++) {
            tiers[i] = IPayoutVault.Tier(above[i], approvals[i]);
        }
    }

    // ------------------------------------------------------------ limits

    function test_startsWithItsLimits() public view {
        IPayoutVault.Limits memory limits = vault.limits(NATIVE);
        vm.assertEq(limits.bucketCapacity, CAPACITY, "capacity");
        vm.assertEq(limits.bucketRefill, 1 ether, "refill");
        vm.assertEq(limits.tiers.length, 2, "tiers");
        vm.assertEq(limits.tiers[1].above, 10_000 ether, "second tier");
        vm.assertEq(vault.bucketAvailable(NATIVE), CAPACITY, "full");
        vm.assertEq(vault.delay(), DELAY, "delay");
        vm.assertEq(vault.guardian(), GUARDIAN, "guardian");
        vm.assertTrue(vault.payeeGas() > 0 && vault.tokenGas() > 0, "gas");
    }

    function test_tighteningHoldsAtOnce() public {
        vm.prank(OWNER);
        vault.setLimits(NATIVE, limitsOf(40_000 ether, 0.5 ether, 50 ether, 2, 5_000 ether, 4));
        vm.assertEq(vault.bucketAvailable(NATIVE), 40_000 ether, "bucket");
        vm.assertEq(vault.requiredApprovals(NATIVE, 50 ether), 2, "lower cap");
        vm.assertEq(vault.requiredApprovals(NATIVE, 5_000 ether), 4, "more approvals");
        expectBatchRevert(
            abi.encodeWithSelector(IPayoutVault.AmountNotBelowCap.selector, 1, 50 ether, 50 ether),
            1,
            one(word(payee_(1), 50 ether))
        );
    }

    function test_looseningWaits() public {
        IPayoutVault.Limits memory looser = limitsOf(CAPACITY, 1 ether, 200 ether, 2, 10_000 ether, 3);
        uint64 effectiveAt = uint64(block.timestamp) + DELAY;
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.LimitsScheduled(NATIVE, looser, effectiveAt);
        vm.startPrank(OWNER);
        vault.setLimits(NATIVE, looser);
        vm.assertEq(vault.requiredApprovals(NATIVE, 150 ether), 2, "not yet");
        (IPayoutVault.Limits memory scheduled, uint64 dueAt) = vault.scheduledLimits(NATIVE);
        vm.assertEq(dueAt, effectiveAt, "scheduled for");
        vm.assertEq(scheduled.tiers[0].above, 200 ether, "scheduled");
        vm.warp(effectiveAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.TooEarly.selector, effectiveAt));
        vault.applyLimits(NATIVE);
        vm.warp(effectiveAt);
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.LimitsChanged(NATIVE, looser);
        vault.applyLimits(NATIVE);
        vm.assertEq(vault.requiredApprovals(NATIVE, 150 ether), 0, "now");
        (scheduled, dueAt) = vault.scheduledLimits(NATIVE);
        vm.assertEq(dueAt + scheduled.tiers.length, 0, "nothing scheduled any more");
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NothingScheduled.selector, nativeChange()));
        vault.applyLimits(NATIVE);
        vm.stopPrank();
    }

    function test_everyKindOfLooseningWaits() public {
        IPayoutVault.Limits[6] memory looser = [
            limitsOf(CAPACITY + 1, 1 ether, CAP, 2, 10_000 ether, 3),
            limitsOf(CAPACITY, 1 ether + 1, CAP, 2, 10_000 ether, 3),
            limitsOf(CAPACITY, 1 ether, CAP + 1, 2, 10_000 ether, 3),
            limitsOf(CAPACITY, 1 ether, CAP, 1, 10_000 ether, 3),
            limitsOf(CAPACITY, 1 ether, CAP, 2, 10_000 ether + 1, 3),
            // Stricter for every amount above 50, but 1 approval would do for an approved payout of 10.
            limitsOf(CAPACITY, 1 ether, 50 ether, 1, 60 ether, 3)
        ];
        for (uint256 i = 0; i < looser.length; i++) {
            vm.prank(OWNER);
            vault.setLimits(NATIVE, looser[i]);
            (, uint64 dueAt) = vault.scheduledLimits(NATIVE);
            vm.assertTrue(dueAt != 0, "scheduled");
            vm.prank(GUARDIAN);
            vault.cancelChange(nativeChange());
        }
        IPayoutVault.Limits memory oneTier = IPayoutVault.Limits(
            CAPACITY, 1 ether, tierList([CAP, 0, 0], [uint8(2), 0, 0], 1)
        );
        vm.prank(OWNER);
        vault.setLimits(NATIVE, oneTier);
        (, uint64 effectiveAt) = vault.scheduledLimits(NATIVE);
        vm.assertTrue(effectiveAt != 0, "a dropped tier");
    }

    /// @dev Compares the rule with its meaning: does any amount need fewer approvals than before, by either way out?
    function testFuzz_loosensMeansThatSomeAmountNeedsLess(
        uint96[3] memory oldAbove,
        uint8[3] memory oldApprovals,
        uint96[3] memory newAbove,
        uint8[3] memory newApprovals,
        uint256 counts
    ) public pure {
        IPayoutVault.Tier[] memory old = ascending(oldAbove, oldApprovals, counts & 3);
        IPayoutVault.Tier[] memory next = ascending(newAbove, newApprovals, (counts >> 2) & 3);
        IPayoutVault.Limits memory oldLimits = IPayoutVault.Limits(0, 0, old);
        IPayoutVault.Limits memory newLimits = IPayoutVault.Limits(0, 0, next);
        LimitRules.check(oldLimits);
        LimitRules.check(newLimits);
        bool expected = false;
        for (uint256 amount = 1; amount < 40; amount++) {
            if (alone(next, amount) < alone(old, amount) || approved(next, amount) < approved(old, amount)) {
                expected = true;
            }
        }
        vm.assertTrue(LimitRules.loosens(oldLimits, newLimits) == expected, "loosens");
    }

    function ascending(uint96[3] memory above, uint8[3] memory approvals, uint256 count)
        private
        pure
        returns (IPayoutVault.Tier[] memory)
    {
        uint96[3] memory steps;
        uint8[3] memory counts;
        for (uint256 i = 0; i < 3; i++) {
            steps[i] = (i == 0 ? 0 : steps[i - 1]) + 1 + above[i] % 8;
            counts[i] = (i == 0 ? 0 : counts[i - 1]) + 1 + approvals[i] % 3;
        }
        return tierList(steps, counts, count);
    }

    function alone(IPayoutVault.Tier[] memory tiers, uint256 amount) private pure returns (uint256) {
        return tiers.length == 0 ? 1000 : LimitRules.approvalsFor(tiers, amount);
    }

    function approved(IPayoutVault.Tier[] memory tiers, uint256 amount) private pure returns (uint256) {
        if (tiers.length == 0) return 1000;
        uint256 needed = LimitRules.approvalsFor(tiers, amount);
        return needed == 0 ? tiers[0].approvals : needed;
    }

    function test_aNewChangeReplacesTheScheduledOne() public {
        vm.startPrank(OWNER);
        vault.setLimits(NATIVE, limitsOf(CAPACITY * 2, 1 ether, CAP, 2, 10_000 ether, 3));
        vm.warp(block.timestamp + DELAY / 2);
        vault.setLimits(NATIVE, limitsOf(CAPACITY * 3, 1 ether, CAP, 2, 10_000 ether, 3));
        vm.warp(block.timestamp + DELAY / 2);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.TooEarly.selector, block.timestamp + DELAY / 2));
        vault.applyLimits(NATIVE);
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.ChangeCancelled(nativeChange());
        vault.setLimits(NATIVE, limitsOf(CAPACITY / 2, 1 ether, CAP, 2, 10_000 ether, 3));
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NothingScheduled.selector, nativeChange()));
        vault.applyLimits(NATIVE);
        vm.stopPrank();
    }

    function test_theBucketKeepsWhatWasDrawn() public {
        uint256[] memory entries = new uint256[](300);
        for (uint256 i = 0; i < 300; i++) {
            entries[i] = word(payee_(i), 99 ether);
        }
        payBatch(NATIVE, 1, entries);
        uint256 left = CAPACITY - 300 * 99 ether;
        vm.startPrank(OWNER);
        vault.setLimits(NATIVE, limitsOf(CAPACITY * 2, 2 ether, CAP, 2, 10_000 ether, 3));
        vm.assertEq(vault.bucketAvailable(NATIVE), left, "scheduled only");
        vm.warp(block.timestamp + DELAY);
        vm.assertEq(vault.bucketAvailable(NATIVE), CAPACITY, "filled up to the old capacity");
        vault.applyLimits(NATIVE);
        vm.assertEq(vault.bucketAvailable(NATIVE), CAPACITY, "applying adds nothing");
        vm.warp(block.timestamp + 10);
        vm.assertEq(vault.bucketAvailable(NATIVE), CAPACITY + 20 ether, "fills at the new rate");
        vault.setLimits(NATIVE, limitsOf(100 ether, 1 ether, CAP, 2, 10_000 ether, 3));
        vm.assertEq(vault.bucketAvailable(NATIVE), 100 ether, "cut to the new capacity");
        vm.stopPrank();
    }

    function test_noTiersDisableAnAsset() public {
        vm.startPrank(OWNER);
        vault.setLimits(NATIVE, IPayoutVault.Limits(0, 0, new IPayoutVault.Tier[](0)));
        vm.assertEq(vault.requiredApprovals(NATIVE, 1), type(uint256).max, "nobody may");
        vm.assertEq(vault.bucketAvailable(NATIVE), 0, "empty");
        vault.setLimits(NATIVE, defaultLimits());
        vm.assertEq(vault.bucketAvailable(NATIVE), 0, "enabling again waits");
        vm.warp(block.timestamp + DELAY);
        vault.applyLimits(NATIVE);
        vm.assertEq(vault.bucketAvailable(NATIVE), CAPACITY, "starts full");
        vm.stopPrank();
    }

    function test_refusesInvalidLimits() public {
        IPayoutVault.Limits[6] memory invalid = [
            IPayoutVault.Limits(1, 0, new IPayoutVault.Tier[](0)),
            IPayoutVault.Limits(0, 1, new IPayoutVault.Tier[](0)),
            limitsOf(1, 1, 5, 0, 6, 1),
            limitsOf(1, 1, 5, 1, 5, 2),
            limitsOf(1, 1, 5, 2, 6, 2),
            IPayoutVault.Limits(1, 1, new IPayoutVault.Tier[](9))
        ];
        for (uint256 i = 0; i < invalid.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IPayoutVault.InvalidLimits.selector));
            vm.prank(OWNER);
            vault.setLimits(NATIVE, invalid[i]);
        }
    }

    // ------------------------------------------------------------ approvers

    function test_removingApproversHoldsAtOnceAndAddingWaits() public {
        address[] memory all = vault.approvers();
        address[] memory some = new address[](2);
        (some[0], some[1]) = (all[3], all[1]);
        vm.startPrank(OWNER);
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.ApproversChanged(some);
        vault.setApprovers(some);
        vm.assertTrue(vault.isApprover(all[1]) && vault.isApprover(all[3]), "kept");
        vm.assertFalse(vault.isApprover(all[0]) || vault.isApprover(all[2]), "removed");

        some[0] = STRANGER;
        uint64 effectiveAt = uint64(block.timestamp) + DELAY;
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.ApproversScheduled(some, effectiveAt);
        vault.setApprovers(some);
        vm.assertFalse(vault.isApprover(STRANGER), "not yet");
        (address[] memory scheduled, uint64 dueAt) = vault.scheduledApprovers();
        vm.assertEq(dueAt, effectiveAt, "scheduled for");
        vm.assertEq(scheduled[0], STRANGER, "scheduled");
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.TooEarly.selector, effectiveAt));
        vault.applyApprovers();
        vm.warp(effectiveAt);
        vault.applyApprovers();
        vm.assertTrue(vault.isApprover(STRANGER) && vault.isApprover(all[1]), "now");
        vm.assertFalse(vault.isApprover(all[3]), "replaced");
        vm.assertEq(vault.approvers().length, 2, "count");
        (scheduled, dueAt) = vault.scheduledApprovers();
        vm.assertEq(dueAt + scheduled.length, 0, "nothing scheduled any more");
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NothingScheduled.selector, APPROVERS_CHANGE));
        vault.applyApprovers();
        vm.stopPrank();
    }

    function test_removingAnApproverDropsTheScheduledAddition() public {
        address[] memory all = vault.approvers();
        address[] memory next = new address[](1);
        next[0] = STRANGER;
        vm.startPrank(OWNER);
        vault.setApprovers(next);
        next[0] = all[0];
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.ChangeCancelled(APPROVERS_CHANGE);
        vault.setApprovers(next);
        vault.setApprovers(new address[](0));
        vm.assertEq(vault.approvers().length, 0, "none left: nothing can be approved");
        vm.stopPrank();
    }

    function test_refusesInvalidApprovers() public {
        address[] memory next = new address[](2);
        next[0] = STRANGER;
        vm.startPrank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.InvalidApprovers.selector));
        vault.setApprovers(next);
        next[1] = STRANGER;
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.InvalidApprovers.selector));
        vault.setApprovers(next);
        next = new address[](33);
        for (uint256 i = 0; i < 33; i++) {
            next[i] = payee_(i);
        }
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.InvalidApprovers.selector));
        vault.setApprovers(next);
        vm.stopPrank();
    }

    function test_guardianOrOwnerCancels() public {
        IPayoutVault.Limits memory looser = limitsOf(CAPACITY * 2, 1 ether, CAP, 2, 10_000 ether, 3);
        address[2] memory cancellers = [GUARDIAN, OWNER];
        for (uint256 i = 0; i < 2; i++) {
            vm.prank(OWNER);
            vault.setLimits(NATIVE, looser);
            vm.expectEmit(true, true, true, true, address(vault));
            emit IPayoutVault.ChangeCancelled(nativeChange());
            vm.prank(cancellers[i]);
            vault.cancelChange(nativeChange());
            vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NothingScheduled.selector, nativeChange()));
            vm.prank(cancellers[i]);
            vault.cancelChange(nativeChange());
        }
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NothingScheduled.selector, nativeChange()));
        vm.prank(OWNER);
        vault.applyLimits(NATIVE);
    }

    // ------------------------------------------------------------ access

    function test_ownerFunctionsRefuseEverybodyElse() public {
        bytes[8] memory calls = [
            abi.encodeCall(vault.setOperator, (STRANGER)),
            abi.encodeCall(vault.setGuardian, (STRANGER)),
            abi.encodeCall(vault.resume, ()),
            abi.encodeCall(vault.setLimits, (NATIVE, defaultLimits())),
            abi.encodeCall(vault.applyLimits, (NATIVE)),
            abi.encodeCall(vault.setApprovers, (new address[](0))),
            abi.encodeCall(vault.applyApprovers, ()),
            abi.encodeCall(vault.sweep, (NATIVE, STRANGER, 1))
        ];
        address[4] memory callers = [operator, GUARDIAN, STRANGER, vm.addr(approverKeys[0])];
        for (uint256 i = 0; i < callers.length; i++) {
            for (uint256 j = 0; j < calls.length; j++) {
                vm.prank(callers[i]);
                (bool ok, bytes memory answer) = address(vault).call(calls[j]);
                vm.assertFalse(ok, "refused");
                vm.assertEq(
                    uint256(keccak256(answer)),
                    uint256(
                        keccak256(
                            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, callers[i])
                        )
                    ),
                    "reason"
                );
            }
        }
    }

    function test_guardianPausesAndOnlyTheOwnerResumes() public {
        address[3] memory callers = [operator, STRANGER, vm.addr(approverKeys[0])];
        for (uint256 i = 0; i < callers.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NotGuardian.selector, callers[i]));
            vm.prank(callers[i]);
            vault.pause();
            vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NotGuardian.selector, callers[i]));
            vm.prank(callers[i]);
            vault.cancelChange(APPROVERS_CHANGE);
        }
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.PausedBy(GUARDIAN);
        vm.prank(GUARDIAN);
        vault.pause();
        vm.assertTrue(vault.paused(), "paused");
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.ResumedBy(OWNER);
        vm.prank(OWNER);
        vault.resume();
        vm.assertFalse(vault.paused(), "resumed");
    }

    function test_rolesRotateAtOnce() public {
        vm.startPrank(OWNER);
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.OperatorChanged(operator, STRANGER);
        vault.setOperator(STRANGER);
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.GuardianChanged(GUARDIAN, address(0));
        vault.setGuardian(address(0));
        vm.stopPrank();
        expectBatchRevert(abi.encodeWithSelector(IPayoutVault.NotOperator.selector, operator), 1, one(0));
        vm.prank(STRANGER);
        vault.payBatch(NATIVE, 1, one(0));
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NotGuardian.selector, GUARDIAN));
        vm.prank(GUARDIAN);
        vault.pause();
        vm.prank(OWNER);
        vault.pause();
    }

    function test_ownershipMovesInTwoStepsAndIsNeverRenounced() public {
        vm.prank(OWNER);
        vault.transferOwnership(STRANGER);
        vm.assertEq(vault.owner(), OWNER, "not yet");
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, GUARDIAN));
        vm.prank(GUARDIAN);
        vault.acceptOwnership();
        vm.prank(STRANGER);
        vault.acceptOwnership();
        vm.assertEq(vault.owner(), STRANGER, "now");
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.OwnershipCannotBeRenounced.selector));
        vm.prank(STRANGER);
        vault.renounceOwnership();
    }

    function test_constructorRefusesWhatCouldNotBeSetLater() public {
        address[] memory approvers = new address[](1);
        IPayoutVault.AssetLimits[] memory assets = new IPayoutVault.AssetLimits[](1);
        assets[0] = IPayoutVault.AssetLimits(NATIVE, limitsOf(1, 1, 5, 2, 5, 3));
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.InvalidApprovers.selector));
        deployVault(DELAY, approvers, assets);
        approvers[0] = STRANGER;
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.InvalidLimits.selector));
        deployVault(DELAY, approvers, assets);
        assets[0].limits = defaultLimits();
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.InvalidDelay.selector, 30 days + 1));
        deployVault(30 days + 1, approvers, assets);
        deployVault(30 days, approvers, assets);
    }
}
