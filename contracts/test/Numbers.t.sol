// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPayoutVault} from "../interfaces/IPayoutVault.sol";
import {Base} from "./Base.t.sol";

/// @dev How consumed numbers are stored, a run and bits, must not show: any sequence of ranges, in turn or not, comes out
/// as it would with a plain bitmap. Batches of zero words consume numbers and nothing else.
contract NumbersTest is Base {
    uint256 private constant WORDS = 24;

    /// @dev What a plain bitmap would hold of the first numbers of a lane.
    uint256[WORDS] private bitmap;
    uint256 private end; // of all that is consumed

    function testFuzz_anySequenceComesOutAsWithABitmap(uint256[14] calldata draws, bool far) public {
        uint256 lane = far ? 7 << 40 : 0;
        end = draws[0] % 500;
        for (uint256 i = 0; i < draws.length; i++) {
            uint256 draw = draws[i] >> 16;
            uint256 count = 1 + draw % ((draw >> 16) % 4 == 0 ? 300 : 20);
            uint256 first = end; // in turn
            if (draws[i] % 4 == 1) first = end + (draw >> 32) % 300; // leaves some out
            if (draws[i] % 4 == 2) first = lowestMissing(); // what was left out
            if (draws[i] % 4 == 3) first = (draw >> 32) % (end + 1); // most likely consumed already
            consume(lane, first, count);
            for (uint256 word = 0; word < WORDS; word++) {
                vm.assertEq(vault.consumedWord((lane >> 8) + word), bitmap[word], "word");
            }
        }
    }

    /// @dev A run passes over what came out of turn a few words at a time; with more in its way it stays behind for good.
    function test_muchOutOfTurnIsConsumedOnceAllTheSame() public {
        consume(0, 1, 1);
        consume(0, 3, 3000);
        consume(0, 2, 1);
        consume(0, 3003, 5);
        consume(0, 3008, 500);
        consume(0, 2, 1);
        consume(0, 3000, 10);
        for (uint256 word = 0; word < WORDS; word++) {
            vm.assertEq(vault.consumedWord(word), bitmap[word], "word");
        }
    }

    function test_aRangeAcrossLanesIsConsumedInBoth() public {
        uint256 border = 3 << 40;
        payBatch(NATIVE, border - 2, new uint256[](5));
        for (uint256 number = border - 3; number < border + 4; number++) {
            vm.assertTrue(vault.isConsumed(number) == (number >= border - 2 && number < border + 3), "consumed");
        }
        expectBatchRevert(taken(border), border, new uint256[](1));
        payBatch(NATIVE, border + 3, new uint256[](2));
        payBatch(NATIVE, border - 4, new uint256[](2));
        expectBatchRevert(taken(border - 4), border - 5, new uint256[](9));
        expectBatchRevert(taken(border + 4), border + 4, new uint256[](1));
        vm.assertTrue(vault.isConsumed(border + 4), "consumed");
        vm.assertFalse(vault.isConsumed(border + 5), "not consumed");
    }

    /// @dev Every way out consumes numbers alike.
    function test_closedNumbersTakeTheirTurn() public {
        vm.startPrank(operator);
        vault.closeNumbers(three(10, 11, 14));
        vault.payBatch(NATIVE, 12, new uint256[](2));
        vault.payBatch(NATIVE, 15, new uint256[](1));
        vm.stopPrank();
        vm.assertEq(vault.consumedWord(0), 0x3f << 10, "word");
        expectBatchRevert(taken(14), 14, new uint256[](3));
    }

    function consume(uint256 lane, uint256 first, uint256 count) private {
        uint256 lowest = first;
        while (lowest < first + count && !isSet(lowest)) lowest++;
        if (lowest < first + count) {
            expectBatchRevert(taken(lane + lowest), lane + first, new uint256[](count));
            return;
        }
        payBatch(NATIVE, lane + first, new uint256[](count));
        for (uint256 number = first; number < first + count; number++) {
            bitmap[number >> 8] |= 1 << (number & 0xff);
        }
        if (first + count > end) end = first + count;
    }

    function lowestMissing() private view returns (uint256 number) {
        while (isSet(number)) number++;
    }

    function isSet(uint256 number) private view returns (bool) {
        return (bitmap[number >> 8] >> (number & 0xff)) & 1 == 1;
    }

    function taken(uint256 number) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPayoutVault.NumberAlreadyConsumed.selector, number);
    }
}
