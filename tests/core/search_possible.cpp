// What may happen in a state of the search, within its bounds.
#include "search_world.hpp"

namespace exitgate::test {

int SearchWorld::troubles() const {
  const bool release = levels_.at(kRelease);
  const bool key = levels_.at(kStaffKey);
  return int{release} + int{key} + int{!device_} + int{jam_} + int{contradict_} + int{!link_} +
         int{disk_ != Disk::kWell};
}

/// What changes while the device is away is the same as what changes just before it is read again.
bool SearchWorld::readable(Input input) const {
  const bool level = input <= Input::kPassage || input == Input::kRelease || input == Input::kStaffKey;
  return !level || device_;
}

bool SearchWorld::trouble_possible(Input input) const {
  const bool room = troubles() < options_->troubles_at_most;
  switch (input) {
    case Input::kRelease:
      return levels_.at(kRelease) || room;
    case Input::kStaffKey:
      return levels_.at(kStaffKey) || room;
    case Input::kDevice:
      // A driver tells that its device is gone before it finds it again.
      return device_ == device_told_ && (!device_ || room);
    case Input::kJam:
      return jam_ || room;
    case Input::kContradict:
      return contradict_ || room;
    case Input::kLink:
      return !link_ || room;
    case Input::kDiskSilent:
      return disk_ == Disk::kSilent || (disk_ == Disk::kWell && room);
    case Input::kDiskFails:
      return disk_ == Disk::kFails || (disk_ == Disk::kWell && room);
    default:
      return true;
  }
}

bool SearchWorld::possible(Input input) const {
  const auto& book = controller_.gate().book;
  if (!readable(input)) return false;
  switch (input) {
    case Input::kAdmit:
    case Input::kAdmitTwo:
    case Input::kRefuse:
    case Input::kNoAnswer:
      return !asked_.empty();
    case Input::kClosure:
      return link_ && !book.closure(kSearchedCart, tag(tag_), now());
    case Input::kExpected:
      return link_ && stored_.expected.empty();
    case Input::kStaffOpen:
      return lane().lane_phase().index() == 1 || phase() == Phase::kClearing || phase() == Phase::kClosing;
    case Input::kHoldOpen:
    case Input::kReleaseHold:
      return held_ == (input == Input::kReleaseHold);
    case Input::kOutOfService:
    case Input::kInService:
      return out_of_service_ == (input == Input::kInService);
    case Input::kReset:
      return lane().durable().released || lane().durable().stuck_travel;
    case Input::kKill:
      return !killed_;
    default:
      return trouble_possible(input);
  }
}

}  // namespace exitgate::test
