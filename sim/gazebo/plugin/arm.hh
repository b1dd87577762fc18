// A robot's joints in Gazebo: velocity servos with the effort limits of the model, and where its links are.
#ifndef JEPA_MPC_ARM_HH_
#define JEPA_MPC_ARM_HH_

#include <gazebo/physics/physics.hh>

#include <string>
#include <utility>
#include <vector>

namespace jepa_mpc
{
using LinkPoses = std::vector<std::pair<std::string, ignition::math::Pose3d>>;

/// The joints in the order they are named. No locks: whoever calls holds the physics update mutex, or is in a physics update.
///
/// Positions are taken from, and given to, the poses of the links: Gazebo adds up a joint's angle over time, with a rounding
/// error that depends on all that went before, and then no two runs from one pose would be the same.
class Arm
{
public:
  /// The joints are at zero where the model was loaded. Throws std::runtime_error naming a joint that the model lacks, or
  /// that is neither revolute nor prismatic.
  Arm(gazebo::physics::ModelPtr model, const std::vector<std::string> &jointNames);

  std::size_t size() const { return this->joints_.size(); }

  /// Velocity set-points [J] in rad/s.
  void follow(std::vector<double> velocities) { this->setPoints_ = std::move(velocities); }

  /// Applies the servos' efforts for one physics step.
  void actuate();

  /// At rest at `positions` [J], told to stand still.
  void teleport(const std::vector<double> &positions);

  /// In rad within -pi and pi, or m.
  std::vector<double> positions() const;
  std::vector<double> velocities() const;
  const std::vector<double> &efforts() const { return this->efforts_; }

  /// World pose of each link, by its scoped name.
  LinkPoses linkPoses() const;

  /// The same with the joints at `positions` [J].
  LinkPoses linkPosesAt(const std::vector<double> &positions) const;

private:
  struct Joint
  {
    gazebo::physics::JointPtr handle;
    bool isPrismatic;
    std::size_t parent;
    std::size_t child;
    /// Of the model's links, all that move with the joint.
    std::vector<std::size_t> beyond;
    /// In the parent link's frame.
    ignition::math::Vector3d anchor;
    ignition::math::Vector3d axis;
    /// Of the child in the parent's frame, at zero.
    ignition::math::Pose3d rest;
    /// Effort for a velocity error, Nms.
    double gain;
  };

  Joint describe(const std::string &name) const;
  std::size_t indexOf(const gazebo::physics::LinkPtr &link) const;
  std::vector<ignition::math::Pose3d> posesAt(const std::vector<double> &positions) const;

  gazebo::physics::ModelPtr model_;
  gazebo::physics::Link_V links_;
  std::vector<ignition::math::Pose3d> loaded_;
  std::vector<Joint> joints_;
  std::vector<double> setPoints_;
  std::vector<double> efforts_;
};
}  // namespace jepa_mpc

#endif
